#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# All services share one stop budget, spent in reverse order: when it is over, the one that was being stopped and those
# whose turn did not come are killed, named in the log, and their records say so. Nothing is left, and the exit code tells.
# test: asan
. "$(dirname "$0")/lib.sh"

settings <<E
stop_budget = "4s"
E
# Ignores what it is told, with a stop timeout longer than there is time.
service stubborn <<E
[service]
command = ["sh", "-c", "trap '' TERM; while :; do sleep 1000; done"]
after = ["behind"]
[service.stop]
timeout = "5m"
E
service behind <<E
[service]
command = ["sleep", "1000"]
runtime_directory = "$T/rt/behind"
after = ["last"]
post_stop = [["sleep", "1000"]]
[service.stop]
command = ["touch", "$T/asked"]
E
service last <<E
[service]
command = ["sleep", "1000"]
E
mkdir "$T/rt"
start_daemon
wait_for 'all are up' service_is stubborn ready # the last of them
behind=$(field behind .main.pid) stubborn=$(field stubborn .main.pid) last=$(field last .main.pid)
kill -TERM "$KEEPER"
wait_for 'the daemon ends' gone "$KEEPER"
status=0
wait "$KEEPER" || status=$?
equal 'the exit code of a stop that was not in order' 1 "$status"
KEEPER=
for pid in "$behind" "$stubborn" "$last"; do
	expect 'it is gone' gone "$pid"
done
refuse 'the stop command of one whose turn did not come was run' test -e "$T/asked"
refuse 'its runtime directory is left' test -e "$T/rt/behind"
expect 'the log names them' grep -q 'the stop budget is spent.*late=stubborn.*skipped="*behind, last' "$LOG"

# The next daemon has the records.
rm "$CONFIG"/*
start_daemon
reason()
{
	api GET "/v1/runs?name=$1&kind=service" | jq -r '.runs[0] | "\(.outcome): \(.reason)"'
}
equal 'the record of the stubborn one' \
	"cancelled: stop wanted by the daemon's stop; the stop budget was spent" "$(reason stubborn)"
equal 'the record of one whose turn did not come' \
	"cancelled: stop wanted by the daemon's stop, before its turn came; the stop budget was spent" "$(reason behind)"
stop_daemon
