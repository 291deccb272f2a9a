#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# With nothing periodic configured, idle means zero wake-ups: over five seconds neither the keeper nor any thread of the
# manager runs once, though services are up, runs were made and records wait for nothing any more.
# test: serial
. "$(dirname "$0")/lib.sh"

# A sink has a thread of its own, which must sleep as well; neither the age of its file nor a rate limit ticks.
settings <<E
[logs]
rate_lines = 100
[[logs.sink]]
kind = "file"
path = "$T/daemon/services.log"
max_age = "1s"
E
for name in one two three; do
	service $name <<E
[service]
command = ["sh", "-c", "echo up; exec sleep 1000"]
[service.ready]
output = "up"
E
done
start_daemon
for name in one two three; do
	wait_for "$name is ready" service_is $name ready
done
run_to_end '{"command": ["sh", "-c", "echo something"]}' >"$T/record"
equal 'the run' exited "$(jq -r .outcome "$T/record")"
manager=$(manager_pid)

# Every switch of every thread, voluntary or not: one that is woken up makes at least one.
switches()
{
	cat /proc/"$KEEPER"/task/*/status /proc/"$manager"/task/*/status | awk '/ctxt_switches/ { n += $2 } END { print n }'
}

# What was written is made safe within sync_interval, and the API's idle connections are closed; then nothing is left.
quiet()
{
	_before=$(switches)
	sleep 5.5
	test "$_before" = "$(switches)"
}
wait_for 'what was begun is finished' quiet

# Here the waiting is the measurement.
before=$(switches)
sleep 5
equal 'context switches of keeper and manager over 5 s' 0 "$(($(switches) - before))"
equal 'the manager' "$manager" "$(manager_pid)"
stop_daemon
