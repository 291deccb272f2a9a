#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib-ctdb.sh: sourced after lib.sh by tests that need clusters of Debian's ctdbd, here in CTDB's test mode: the nodes are
# 127.0.0.1, 127.0.0.2, … of this network namespace, each with its own CTDB_BASE.
#
# make_nodes COUNT LOCK     prepares nodes 0 to COUNT-1 whose cluster lock is LOCK
# start_node N, stop_node N
# kill_node N               SIGKILL to ctdbd and all that it started but mutex helpers, which have to notice by themselves
# on_node N COMMAND…        with the environment of a node
# is_ok N COUNT             does node N see that many nodes, all of them healthy?
# leader_of N               prints which node N takes for the leader; nothing if it knows none
# agree N…                  do these nodes name one leader, and is it one of them? Its number is in $T/leader then
# helper_of N               prints the pid of the mutex helper that holds the lock for node N
# new_leader_after WHAT N…  waits until these nodes agree on a leader that holds the lock through another helper than
#                           the pid in $helper; sets leader and helper, and says how long it took since it was called
# one_leader_at_a_time      by all that the nodes have said

export CTDB_TEST_MODE=yes

make_nodes()
{
	_count=$1 _lock=$2
	_n=0
	while [ "$_n" -lt "$_count" ]; do
		_base=$T/n$_n
		mkdir -p "$_base/run" "$_base/share/events" "$_base/events/legacy" "$_base/events/notification" \
			"$_base/db/volatile" "$_base/db/persistent" "$_base/db/state"
		cp /etc/ctdb/functions "$_base/"
		ln -s /usr/share/ctdb/events/legacy "$_base/share/events/legacy"
		: >"$_base/public_addresses"
		for _i in $(seq "$_count"); do echo "127.0.0.$_i"; done >"$_base/nodes"
		cat >"$_base/ctdb.conf" <<E
[logging]
  log level = NOTICE
[cluster]
  cluster lock = $_lock
  node address = 127.0.0.$((_n + 1))
  leader timeout = 3
[database]
  volatile database directory = $_base/db/volatile
  persistent database directory = $_base/db/persistent
  state database directory = $_base/db/state
E
		printf 'KeepaliveInterval=1\nKeepaliveLimit=3\nMonitorInterval=2\nRerecoveryTimeout=2\n' >"$_base/ctdb.tunables"
		_n=$((_n + 1))
	done
}

on_node()
{
	_node=$1
	shift
	CTDB_BASE=$T/n$_node "$@"
}

start_node()
{
	# Each line with the time at which it came.
	mkfifo "$T/n$1/pipe" 2>/dev/null || :
	python3 -u -c 'import sys, time
for line in sys.stdin: print("%.6f" % time.time(), line, end="")' <"$T/n$1/pipe" >>"$T/n$1/log" &
	remember $!
	CTDB_BASE=$T/n$1 setsid ctdbd -i >"$T/n$1/pipe" 2>&1 </dev/null &
	echo $! >"$T/n$1/ctdbd"
	remember $!
}

stop_node()
{
	on_node "$1" ctdb shutdown
	wait_for "ctdbd of node $1 has ended" gone "$(cat "$T/n$1/ctdbd")"
}

kill_node()
{
	_victim=$(cat "$T/n$1/ctdbd")
	_below=$(list_descendants "$_victim" | while read -r _pid; do
		case $(cat "/proc/$_pid/comm" 2>/dev/null) in
		ctdb_mutex* | '') ;;
		*) echo "$_pid" ;;
		esac
	done)
	kill -KILL "$_victim"
	echo "$(date +%s.%N) killed by test" >>"$T/n$1/log"
	# shellcheck disable=SC2086 # a list of pids
	kill -KILL $_below 2>/dev/null || :
}

is_ok()
{
	[ "$(on_node "$1" timeout 10 ctdb -X nodestatus all 2>/dev/null | grep -cE '^\|[0-9]+\|[^|]+(\|0)+\|[YN]\|$')" = "$2" ]
}

leader_of()
{
	on_node "$1" timeout 10 ctdb leader 2>/dev/null | grep -xE '[0-9]+'
}

agree()
{
	_leader=$(leader_of "$1") || return 1
	for _node; do
		[ "$(leader_of "$_node")" = "$_leader" ] || return 1
	done
	for _node; do
		[ "$_node" != "$_leader" ] || {
			echo "$_leader" >"$T/leader"
			return 0
		}
	done
	return 1
}

# A mutex helper below the node's recovery daemon, and not one below a helper.
helper_of()
{
	_holders=$(list_descendants "$(cat "$T/n$1/ctdbd")" | while read -r _pid; do
		_parent=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$_pid/status" 2>/dev/null) || continue
		case $(cat "/proc/$_pid/comm" "/proc/$_parent/comm" 2>/dev/null | tr '\n' ' ') in
		ctdb_mutex*ctdb_mutex*) ;;
		ctdb_mutex*) echo "$_pid" ;;
		esac
	done)
	[ "$(echo "$_holders" | wc -w)" = 1 ] && echo "$_holders"
}

holds_anew()
{
	agree "$@" && _new=$(helper_of "$(cat "$T/leader")") && [ "$_new" != "$helper" ]
}

new_leader_after()
{
	_what=$1
	shift
	_began=$(date +%s%N)
	wait_for "a leader after $_what" holds_anew "$@"
	leader=$(cat "$T/leader")
	helper=$(helper_of "$leader") || fail "the leader after $_what does not hold on"
	echo "$_what: node $leader leads after $((($(date +%s%N) - _began) / 1000000)) ms"
}

# From taking the lock until knowing of its loss. Who hears of the death of its helper a moment after another node has
# taken the lock is not at fault, and lines are late on a busy machine: an overlap below 2 s is let pass. Two locks
# that do not know of each other would last for longer.
one_leader_at_a_time()
{
	python3 - "$T"/n*/log <<'E'
import re, sys
took = []
for node, name in enumerate(sys.argv[1:]):
    since = last = None
    for line in open(name):
        time, _, text = line.partition(' ')
        last = float(time)
        if 'Took cluster lock' in text: since = last
        elif since and re.search('helper terminated|[Cc]luster lock lost|Received leader broadcast|killed by test', text):
            took.append((since, last, node)); since = None
    if since: took.append((since, float('inf'), node))
took.sort()
print('\n'.join('%.3f to %.3f: node %d' % t for t in took))
assert took
for before, after in zip(took, took[1:]):
    assert before[1] - after[0] < 2, 'two leaders at once: %s %s' % (before, after)
E
}
