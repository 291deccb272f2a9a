# SPDX-License-Identifier: GPL-3.0-or-later
# lib-container.sh: sourced after lib.sh by tests of ctdb-processd in a container: a pid namespace with its own /proc, in which
# it, or something else, is process 1. The API's socket is where lib.sh has it; pids in replies are the container's.
#
# Variables   CONTAINER the pid of unshare, which ends when the container does, with its exit code; STUB the pid of process 1
# run_container [ARG…]     ctdb-processd as process 1, with these arguments
# start_container [ARG…]   and waits until the service leaf is ready
# run_beside COMMAND…      another process 1
# container_ends [CODE]    waits for its end and judges the exit code
# inside COMMAND…          runs a command in the container
# in_container JQ          a value of GET /v1/system
# outside PID              the pid here of a pid there
# orphans_are_reaped       what loses its parents in a tree of the daemon leaves no zombies
# orphans_of_guests_are_reaped   nor does what lost them in a tree that entered the container, with the stub as process 1
# shellcheck shell=sh disable=SC2154 # T and others are lib.sh's

run_beside()
{
	unshare --pid --fork --kill-child --mount-proc "$@" >>"$LOG" 2>&1 </dev/null &
	CONTAINER=$!
	remember "$CONTAINER"
	wait_for 'the container has a process 1' find_stub
}

find_stub()
{
	STUB=$(xargs <"/proc/$CONTAINER/task/$CONTAINER/children")
	[ -n "$STUB" ] || gone "$CONTAINER"
}

run_container()
{
	: >"$LOG"
	run_beside "$BIN_DIR/ctdb-processd" --config-dir "$CONFIG" --state-dir "$STATE" --runtime-dir "$RUNTIME" "$@"
}

start_container()
{
	run_container "$@"
	wait_for 'the API answers' container_answers
	wait_for 'the service is up' service_is leaf ready
}

container_answers()
{
	! gone "$CONTAINER" || fail 'the container has ended'
	PATIENCE=2 api GET /v1/system
}

container_ends()
{
	wait_for 'the container has ended' gone "$CONTAINER"
	_code=0
	wait "$CONTAINER" || _code=$?
	[ "$#" = 0 ] || equal 'exit code of the container' "$1" "$_code"
}

inside()
{
	nsenter -t "$STUB" -p -m "$@"
}

in_container()
{
	api GET /v1/system | jq -r "$1"
}

outside()
{
	grep -lE "^NSpid:.*[[:space:]]$1\$" /proc/[0-9]*/status 2>/dev/null | while read -r _file; do
		_pid=${_file#/proc/}
		_pid=${_pid%/status}
		[ "$(readlink "/proc/$_pid/ns/pid")" != "$(readlink "/proc/$STUB/ns/pid")" ] || echo "$_pid"
	done
}

zombies()
{
	inside ps -eo stat=,comm= | grep '^Z' || :
}

no_zombies()
{
	[ -z "$(zombies)" ]
}

orphans_are_reaped()
{
	run_to_end '{"command": ["sh", "-c", "for i in 1 2 3 4 5; do (setsid sh -c \"sleep 0.1\" &) ; done; sleep 0.3"]}' >/dev/null
	wait_for 'orphans of a run are reaped' no_zombies
}

orphans_of_guests_are_reaped()
{
	inside sh -c 'for i in 1 2 3 4 5; do (setsid sleep 0.1 &) ; done'
	wait_for 'orphans of somebody who entered are reaped' no_orphans
	wait_for 'and leave no zombies' no_zombies
}

no_orphans()
{
	! inside pgrep -P 1 -x sleep
}
