#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Each way of readiness on a real process: none, notify, fd, command, output. What is said while no manager reads is not
# lost. One that is not ready in time is stopped, says what was missing, and is restarted as its policy says.
# test: asan
. "$(dirname "$0")/lib.sh"

need python3
mkdir "$T/done"
cat >"$T/notify" <<'E'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto("\n".join(sys.argv[1:]).encode(), os.environ["NOTIFY_SOCKET"])
E

# told NAME READY-LINES SHELL-WORDS: a service that says so with these words once $T/go exists.
told()
{
	service "$1" <<E
[service]
command = ["sh", "-c", "until [ -e $T/go ]; do sleep 0.02; done; $3; : >$T/done/$1; exec sleep 1000"]
[service.ready]
$2
E
}

# late NAME POLICY READY-LINES: a service that never becomes ready.
late()
{
	service "$1" <<E
[service]
command = ["sh", "-c", "echo something else; echo READY >&2; exec sleep 1000"]
[service.ready]
$3
timeout = "300ms"
[service.restart]
policy = "$2"
delay = "50ms"
E
}

# all STATE NAME…
all()
{
	_state=$1
	shift
	for _name; do service_is "$_name" "$_state" || return 1; done
}

service plain <<E
[service]
command = ["sleep", "1000"]
E
told notify 'notify = true' "python3 $T/notify STATUS=warm READY=1"
told fd 'fd = 7' 'echo >&7'
told output 'output = "now listening"' 'echo we are now listening on 445'
told errors 'output = "listening"' 'echo listening >&2'
told command "command = ['test', '-e', '$T/done/command']
every = '20ms'" :
start_daemon
wait_for 'plain is ready as it runs' service_is plain ready
wait_for 'the others run' all starting notify fd output errors command
for name in notify fd output errors command; do
	equal "why $name is not ready" true "$(field $name '.reason | test("its process runs and is not ready yet|its readiness command exited with code 1")')"
done

# The manager is stopped, so that it reads nothing of this, then killed.
manager=$(manager_pid)
kill -STOP "$manager"
: >"$T/go"
for name in notify fd output errors command; do
	wait_for "$name has spoken" test -e "$T/done/$name"
done
kill -KILL "$manager"
for name in notify fd output errors command; do
	wait_for "$name is ready" service_is $name ready
done
equal 'what notify said of itself' warm "$(field notify .status_text)"
equal 'restarts' '0 0 0 0 0' "$(for name in notify fd output errors command; do field $name .restarts; done | xargs)"

# And without a manager's death, one after the other.
for name in notify fd output errors command; do
	pid=$(field $name .main.pid)
	expect "$name restarts" ctl restart $name
	wait_for "$name is ready again" service_is $name ready
	refuse "$name has a new process" test "$pid" = "$(field $name .main.pid)"
done

# Not ready in time.
late no-notify never 'notify = true'
late no-fd never 'fd = 3'
late no-output never 'output = "ready"'
late no-command never 'command = ["sh", "-c", "exit 9"]
every = "20ms"'
late no-answer never 'command = ["sleep", "1000"]
every = "20ms"
reply_timeout = "50ms"'
late no-end never 'command = ["sleep", "1000"]'
late again on-failure 'notify = true'
expect 'they are loaded' ctl reload
for name in no-notify no-fd no-output no-command no-answer no-end; do
	wait_for "$name has failed" service_is $name failed
	equal "how its process ended" 'timed_out SIGTERM' "$(field $name '"\(.last.outcome) \(.last.signal)"')"
done

# why NAME WORDS: begins its reason with them?
why()
{
	_reason=$(field "$1" .reason)
	case $_reason in
	"not ready within 300ms: $2"*", and its restart policy is never") ;;
	*) fail "why $1 failed: \"$_reason\"" ;;
	esac
}
why no-notify 'it has not sent READY=1'
why no-fd 'no newline came from its descriptor 3'
why no-output 'it has printed no line with "ready"'
why no-command 'its readiness command'
why no-answer 'its readiness command'
why no-end 'its readiness command has not ended'

# Has again been restarted?
restarted()
{
	[ "$(field again .restarts)" -ge 2 ]
}
wait_for 'again is started again and again' restarted
expect 'again says why' grep -q 'service=again .*"not ready within 300ms: it has not sent READY=1, restart after' "$LOG"
expect 'again stops' ctl stop again
equal 'what is left of all' 'command errors fd notify output plain' \
	"$(api GET '/v1/runs?state=running' | jq -r '[.runs[].name] | sort | join(" ")')"
stop_daemon
