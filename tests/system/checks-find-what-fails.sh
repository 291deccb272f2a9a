#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Checks of ready services: asked over sockets and by commands, failing after the threshold and told once; each action; the two
# levels of health in the API and in processctl probe; what fails goes on failing over another manager, and is not acted
# on twice; a reload changes checks of what runs.
# test: asan
. "$(dirname "$0")/lib.sh"

need python3
cat >"$T/listen.py" <<'E'
import os, signal, socket, sys
signal.signal(signal.SIGUSR2, lambda *_: open(sys.argv[1] + ".signals", "a").write("USR2\n"))
while True:
    if os.path.exists(sys.argv[1]):
        s = socket.socket(socket.AF_UNIX)
        try:
            os.unlink(sys.argv[1] + ".socket")
        except FileNotFoundError:
            pass
        s.bind(sys.argv[1] + ".socket")
        s.listen()
        s.settimeout(0.02)
        while os.path.exists(sys.argv[1]):
            try:
                s.accept()
            except TimeoutError:
                pass
        s.close()
    signal.sigtimedwait([], 0.02)
E
# checked NAME CHECK-LINES: a service that listens at $T/NAME.socket while the file $T/NAME exists.
checked()
{
	: >"$T/$1"
	service "$1" <<E
[service]
command = ["python3", "$T/listen.py", "$T/$1"]
[service.ready]
unix = "$T/$1.socket"
every = "20ms"
[service.restart]
delay = "2s"
jitter_percent = 0
$2
E
}
quick='every = "100ms"
jitter_percent = 0
threshold = 3'
checked plain "[service.check.answers]
unix = \"$T/plain.socket\"
$quick"
checked again "[service.check.answers]
unix = \"$T/again.socket\"
action = \"restart\"
$quick"
checked over "[service.check.answers]
command = [\"test\", \"-e\", \"$T/over\"]
action = \"stop\"
$quick"
checked told "[service.check.answers]
unix = \"$T/told.socket\"
level = \"alive\"
action = \"signal\"
signal = \"USR2\"
$quick"
service behind <<E
[service]
command = ["sleep", "1000"]
requires = ["over"]
E
start_daemon
for name in plain again over told behind; do
	wait_for "$name is ready" service_is "$name" ready
done

# check NAME: the state of its check.
check()
{
	field "$1" '.checks[0].state'
}
check_is()
{
	[ "$(check "$1")" = "$2" ]
}
healthy()
{
	[ "$(status_of GET "/v1/health?level=$1")" = 200 ]
}
wait_for 'the check is on' check_is plain good
wait_for 'all is well' healthy ready
expect 'probe says so' ctl probe
equal 'its word' healthy "$(ctl probe --level alive)"
expect 'wait has nothing to wait for' ctl wait plain again

# It begins to fail after three failures, which changes health at its level only.
rm "$T/plain"
wait_for 'the check fails' check_is plain failing
equal 'the service stays' ready "$(field plain .state)"
refuse 'ready' healthy ready
expect 'alive' healthy alive
status=0
ctl probe >"$T/out" || status=$?
equal 'exit code of probe' 1 "$status"
equal 'what probe says' "plain, check answers: unix $T/plain.socket: connect: Connection refused" "$(cat "$T/out")"
expect 'probe of the other level' ctl probe --level alive
expect 'the status says so' sh -c "'$BIN_DIR/processctl' status | grep -q 'plain .*check answers fails: unix $T/plain.socket: connect: Connection refused'"
equal 'told once' 1 "$(grep -c 'a check fails.*service=plain' "$LOG")"
kill -KILL "$(manager_pid)"
wait_for 'the next manager serves' answered_or_gone
equal 'it goes on failing' failing "$(check plain)"
: >"$T/plain"
wait_for 'it is good again' check_is plain good
wait_for 'all is well again' healthy ready

# restart: as a failure by itself, with the delay of one.
pid=$(field again .main.pid)
: >"$T/again.later"
rm "$T/again"
wait_for 'its main process has ended' gone "$pid"
wait_for 'it says why' sh -c "'$BIN_DIR/processctl' status again --json | grep -q 'check answers failed 3 times: unix $T/again.socket: '"
refuse 'it is not ready' healthy ready
: >"$T/again"
wait_for 'it is back' service_is_new again "$pid"
equal 'restarts' 1 "$(field again .restarts)"
wait_for 'all is well again' healthy ready

# signal: once.
rm "$T/told"
wait_for 'the check fails' check_is told failing
refuse 'alive' healthy alive
wait_for 'it got the signal' test -s "$T/told.signals"
kill -KILL "$(manager_pid)"
wait_for 'the next manager serves' answered_or_gone
questions=$(field told '.checks[0].failures')
more_failures()
{
	[ "$(field told '.checks[0].failures')" -ge $((questions + 3)) ]
}
wait_for 'it has been asked again' more_failures
equal 'signals' 1 "$(grep -c . "$T/told.signals")"
: >"$T/told"
wait_for 'it is good again' check_is told good

# stop: as an operator, with what requires it. Its questions are runs of the kind check.
expect 'runs of checks' test "$(api GET '/v1/runs?kind=check&name=over' | jq '.runs | length')" -gt 0
rm "$T/over"
wait_for 'it is stopped' service_is over stopped
equal 'wanted' down "$(field over .wanted)"
wait_for 'what requires it, too' service_is behind stopped
wait_for 'a stopped service is as it should be' healthy ready

# A service that is wanted and not ready.
service never <<E
[service]
command = ["sh", "-c", "exit 3"]
[service.restart]
policy = "never"
E
expect 'the reload' ctl reload
wait_for 'never has failed' service_is never failed
status=0
ctl wait never 2>"$T/out" || status=$?
equal 'exit code of wait' 1 "$status"
expect 'why' grep -q '^processctl: never is failed: its process exited with code 3' "$T/out"
status=0
ctl probe >"$T/out" || status=$?
equal 'exit code of probe' 1 "$status"
equal 'what probe says' 'never is failed: its process exited with code 3, and its restart policy is never' "$(cat "$T/out")"
status=0
ctl wait --timeout 100ms --for stopped plain 2>"$T/out" || status=$?
equal 'exit code of a wait that is over' 3 "$status"
expect 'why' grep -q '^processctl: plain is not stopped yet: ready' "$T/out"

# Another check for what runs.
pid=$(field plain .main.pid)
checked plain "[service.check.other]
tcp = \"127.0.0.1:9\"
$quick"
expect 'the reload' ctl reload
wait_for 'the other one fails' check_is plain failing
equal 'which' 'other tcp 127.0.0.1:9' "$(field plain '.checks[0] | .name + " " + .target')"
equal 'the process' "$pid" "$(field plain .main.pid)"

stop_daemon
status=0
ctl probe 2>"$T/out" || status=$?
equal 'exit code of probe without a daemon' 2 "$status"
