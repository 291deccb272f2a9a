#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a service says by its notify socket beyond READY=1: WATCHDOG=1 in time, or it is aborted and restarted, also when the manager
# is another by then; WATCHDOG=trigger; EXTEND_TIMEOUT_USEC= for a slow start and a slow stop; RELOADING=1 and STOPPING=1
# are shown.
# test: asan
. "$(dirname "$0")/lib.sh"

need python3
cat >"$T/said.py" <<'E'
import os, signal, socket, sys, time
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.connect(os.environ["NOTIFY_SOCKET"])
def say(text):
    notify.send(text.encode())
# say.py DIRECTORY: says what is in the files that appear there, one after the other; "every" again and again.
at = sys.argv[1]
open(at + "/usec", "w").write(os.environ.get("WATCHDOG_USEC", ""))
def slow_stop(*_):
    say("STOPPING=1\nEXTEND_TIMEOUT_USEC=20000000")
    open(at + "/stopping", "w").close()
    while not os.path.exists(at + "/end"):
        time.sleep(0.02)
    sys.exit(0)
signal.signal(signal.SIGTERM, slow_stop)
while True:
    for name in sorted(os.listdir(at)):
        if name.startswith("say"):
            say(open(at + "/" + name).read())
            os.unlink(at + "/" + name)
    if os.path.exists(at + "/every"):
        say("WATCHDOG=1")
    time.sleep(0.02)
E
# talker NAME LINES…
talker()
{
	mkdir "$T/$1"
	service "$1" <<E
[service]
command = ["python3", "$T/said.py", "$T/$1"]
$2
[service.ready]
notify = true
${3-}
[service.restart]
delay = "100ms"
[service.stop]
timeout = "1s"
E
}
# tell NAME TEXT: the service says it.
tell()
{
	printf '%s' "$2" >"$T/$1/later"
	mv "$T/$1/later" "$T/$1/say.$(date +%s%N)"
}
talker alive 'watchdog = "1s"'
talker slow '' 'timeout = "1s"'
: >"$T/alive/every"
tell alive READY=1
tell slow 'EXTEND_TIMEOUT_USEC=60000000'
start_daemon
wait_for 'alive is ready' service_is alive ready
equal 'WATCHDOG_USEC' 1000000 "$(cat "$T/alive/usec")"
pid=$(field alive .main.pid)

# A start that takes longer than its timeout.
extended()
{
	[ "$(($(date -d "$(field slow .next.at)" +%s) - $(date +%s)))" -gt 30 ]
}
wait_for 'slow has been given more time' extended
tell slow READY=1
wait_for 'slow is ready' service_is slow ready

# What it announces.
announces()
{
	[ "$(field slow .announced)" = "$1" ]
}
tell slow RELOADING=1
wait_for 'it is reloading' announces reloading
expect 'the status says so' sh -c "'$BIN_DIR/processctl' status | grep -q 'slow .*it says that it is reloading'"
tell slow READY=1
wait_for 'it has reloaded' announces null
equal 'it was ready all the time' ready "$(field slow .state)"

# As long as it says so it lives, whoever listens.
kill -KILL "$(manager_pid)"
wait_for 'the next manager serves' answered_or_gone
later()
{
	[ "$(date -d "$(field alive .next.at)" +%s%N)" -gt "$deadline" ]
}
deadline=$(date -d "$(field alive .next.at)" +%s%N)
wait_for 'it has lived beyond its first deadline' later
deadline=$(date -d "$(field alive .next.at)" +%s%N)
wait_for 'and beyond the next' later
equal 'the process' "$pid" "$(field alive .main.pid)"
rm "$T/alive/every"
wait_for 'it is aborted' gone "$pid"
timed_out()
{
	api GET '/v1/runs?name=alive&kind=service&outcome=timed_out' | jq -e '.runs | length > 0'
}
wait_for 'its end is on record' timed_out
equal 'how it ended' 'timed_out SIGABRT no WATCHDOG=1 within 1s' \
	"$(api GET '/v1/runs?name=alive&kind=service&outcome=timed_out' | jq -r '.runs[0] | "\(.outcome) \(.signal) \(.reason)"')"
: >"$T/alive/every"
tell alive READY=1
wait_for 'it is back' service_is_new alive "$pid"
pid=$(field alive .main.pid)
tell alive WATCHDOG=trigger
wait_for 'it is aborted for what it said' gone "$pid"
triggered()
{
	api GET '/v1/runs?name=alive&kind=service' | jq -e 'any(.runs[]; .reason == "it sent WATCHDOG=trigger")'
}
wait_for 'why is on record' triggered

# A stop that takes longer than its timeout.
pid=$(field slow .main.pid)
operation=$(api POST /v1/services/slow/stop | jq -r .id)
wait_for 'it is stopping' test -e "$T/slow/stopping"
wait_for 'it says so' announces stopping
long_enough()
{
	[ "$(date +%s%N)" -gt $((begun + 2000000000)) ]
}
begun=$(date +%s%N)
wait_for 'more time than the timeout has passed' long_enough
refuse 'it was killed' gone "$pid"
: >"$T/slow/end"
equal 'the stop' 'ok' "$(api GET "/v1/operations/$operation?wait=30s" | jq -r .result)"
equal 'how it ended' 'cancelled 0' "$(api GET '/v1/runs?name=slow&kind=service' | jq -r '.runs[0] | "\(.outcome) \(.code)"')"
: >"$T/alive/end"
stop_daemon
