#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib-mutex.sh: sourced after lib.sh by tests of mutex helpers. A helper is asked as ctdbd's recovery daemon does it: as the
# child of a process of its own, with standard output in a pipe that is read to its end.
#
# Variables   FCNTL the helper under test
# ask NAME COMMAND…   asks in the background; the names are the test's
# has NAME BYTES      is this all that was answered so far?
# lost NAME           has standard output come to its end?
# said NAME           prints what was written to standard error
# pid_of NAME, parent_of NAME
# child_of NAME       the only child of the helper
# ended NAME          the helper is gone; its exit code, as the shell has it, is in $T/mutex/NAME.code

# shellcheck disable=SC2034 # for those who source this
FCNTL=$BIN_DIR/ctdb_mutex_fcntl_helper
mkdir -p "$T/mutex"

ask()
{
	_at=$T/mutex/$1
	shift
	rm -f "$_at".*
	mkfifo "$_at.pipe"
	{
		cat "$_at.pipe" >"$_at.bytes"
		: >"$_at.eof"
	} &
	remember $!
	# shellcheck disable=SC2016 # expanded by the inner shell
	sh -c 'at=$1; shift; "$@" >"$at.pipe" 2>"$at.err" & echo $! >"$at.pid"; code=0; wait $! || code=$?; echo "$code" >"$at.code"' \
		sh "$_at" "$@" &
	echo $! >"$_at.parent"
	remember $!
	wait_for 'the helper is started' test -s "$_at.pid"
	remember "$(cat "$_at.pid")"
}

has()
{
	[ "$(cat "$T/mutex/$1.bytes")" = "$2" ]
}

lost()
{
	[ -e "$T/mutex/$1.eof" ]
}

said()
{
	cat "$T/mutex/$1.err"
}

pid_of()
{
	cat "$T/mutex/$1.pid"
}

parent_of()
{
	cat "$T/mutex/$1.parent"
}

child_of()
{
	_children=$(pgrep -P "$(pid_of "$1")")
	[ -n "$_children" ] && echo "$_children"
}

ended()
{
	gone "$(pid_of "$1")"
}

# holds NAME COMMAND…: asks and waits until the mutex is held.
holds()
{
	ask "$@"
	wait_for "$1 holds the mutex" has "$1" 0
}

# let_go NAME SIGNAL: signals the helper and waits until it is gone.
let_go()
{
	kill -"$2" "$(pid_of "$1")"
	wait_for "$1 is gone after SIG$2" ended "$1"
}

# free FILE: can its lock be taken?
free()
{
	ask probe "$FCNTL" "$1" 0
	wait_for 'the probe has its answer' has_answer probe
	_was=$(cat "$T/mutex/probe.bytes")
	kill "$(pid_of probe)" 2>/dev/null || :
	wait_for 'the probe is gone' ended probe
	[ "$_was" = 0 ]
}

has_answer()
{
	[ -s "$T/mutex/$1.bytes" ]
}
