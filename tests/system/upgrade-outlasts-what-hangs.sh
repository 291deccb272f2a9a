#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An installed program that hangs when it is tried, after much talk, is given up after 10 s; meanwhile services and runs
# go on, a second upgrade is refused, and a manager that dies is followed by one that carries the wish on. A manager that hangs
# is killed for the upgrade. A stop that comes while a program is tried, or while the manager is to give way, is a stop.
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-upgrade.sh"

service leaf <<'E'
[service]
command = ["sleep", "1000"]
E
processctl=$BIN_DIR/processctl

logged()
{
	[ "$(grep -c "$2" "$LOG")" = "$1" ]
}
none_hangs()
{
	! pgrep -f 'can-take-up'
}
is_alone()
{
	[ "$(manager_pid)" != "$1" ]
}

# Once tried, it waits until it may go on.
hold_program()
{
	rm -f "$T/gate"
	mkfifo "$T/gate"
	install_script <<-E
		#!/bin/sh
		case " \$* " in
		*' --can-take-up '*) read -r _ <$T/gate ;;
		esac
		exec $GOOD/ctdb-processd "\$@"
	E
}

BIN_DIR=$PROGRAMS start_daemon
wait_for 'the service is up' service_is leaf ready
stays leaf
install_script <<'E'
#!/bin/sh
head -c 100000 /dev/zero
kill -STOP $$
E
"$processctl" upgrade >"$T/said" 2>&1 &
asking=$!
remember "$asking"
wait_for 'the program is tried' logged 1 'the installed program is tried'
equal 'a second upgrade' 409 "$(status_of POST /v1/upgrade)"
equal 'its kind' conflict "$(jq -r .kind "$T/reply")"
equal 'a run meanwhile' 5 "$(run_to_end '{"command": ["sh", "-c", "exit 5"]}' | jq .code)"
manager=$(manager_pid)
kill -KILL "$manager"
wait_for 'the next manager serves' is_alone "$manager"
code=0
wait "$asking" || code=$?
equal 'exit code' 1 "$code"
expect 'processctl says why' grep -q 'did not answer within 10 s' "$T/said"
equal 'how it went' "failed $PROGRAMS/ctdb-processd was tried and did not answer within 10 s" "$(last_upgrade)"
wait_for 'nothing of it is left' none_hangs
equal 'how often it was tried' 1 "$(grep -c 'the installed program is tried' "$LOG")"
equal 'number of upgrades' 0 "$(upgrades)"
all_stay

# The manager hangs.
hold_program
"$processctl" upgrade >"$T/said" 2>&1 &
asking=$!
remember "$asking"
wait_for 'the program is tried' logged 2 'the installed program is tried'
kill -STOP "$(manager_pid)"
echo go >"$T/gate"
wait "$asking" || fail "the upgrade failed: $(cat "$T/said")"
expect 'the manager was killed' grep -q 'the manager does not end for the upgrade; it is killed' "$LOG"
equal 'number of upgrades' 1 "$(upgrades)"
all_stay

# A stop while a program is tried.
hold_program
status_of POST /v1/upgrade >"$T/status" 2>/dev/null &
remember $!
wait_for 'the program is tried' logged 3 'the installed program is tried'
stop_daemon
wait_for 'nothing of it is left' none_hangs
expect 'everything was stopped' grep -q 'everything is stopped' "$LOG"

# A stop while the manager is to give way.
: >"$LOG"
install "$GOOD/ctdb-processd"
BIN_DIR=$PROGRAMS start_daemon
wait_for 'the service is up' service_is leaf ready
hold_program
"$processctl" upgrade >"$T/said" 2>&1 &
remember $!
wait_for 'the program is tried' logged 1 'the installed program is tried'
manager=$(manager_pid)
kill -STOP "$manager"
echo go >"$T/gate"
wait_for 'the program is found good' logged 1 'the installed program can go on from here'
kill -TERM "$KEEPER"
wait_for 'the keeper is told to stop' logged 1 'told to stop'
kill -CONT "$manager"
wait_for 'the daemon ends' gone "$KEEPER"
code=0
wait "$KEEPER" || code=$?
KEEPER=
equal "the daemon's exit code" 0 "$code"
expect 'everything was stopped' grep -q 'everything is stopped' "$LOG"
refuse 'another program went on' grep -q 'another program goes on' "$LOG"
