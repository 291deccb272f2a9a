#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Three nodes of Debian's ctdbd with ctdb_mutex_fcntl_helper as their cluster lock have one leader at a time, and a new one
# after the death or wedge of helper, test child or ctdbd, and after removal or replacement of the lock file. One node
# with the lock file's name alone takes and lets go of it, too.
# test: timeout=300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mutex.sh"
. "$(dirname "$0")/lib-ctdb.sh"

need_root
need ctdbd ctdb python3 setsid
WAIT=90
lock=$T/cluster.lock

make_nodes 3 "!$FCNTL $lock 1 2"
for node in 0 1 2; do start_node "$node"; done
wait_for 'three nodes are healthy' is_ok 0 3
helper=
new_leader_after 'the start' 0 1 2

kill -KILL "$helper"
new_leader_after 'SIGKILL of the helper' 0 1 2
kill -KILL "$(pgrep -P "$helper")"
new_leader_after 'SIGKILL of the test child' 0 1 2
kill -STOP "$(pgrep -P "$helper")"
new_leader_after 'SIGSTOP of the test child' 0 1 2
kill -STOP "$helper"
new_leader_after 'SIGSTOP of the helper' 0 1 2
rm "$lock"
new_leader_after 'removal of the lock file' 0 1 2
: >"$T/other"
mv "$T/other" "$lock"
new_leader_after 'replacement of the lock file' 0 1 2
old=$leader
kill_node "$old"
# shellcheck disable=SC2046 # two words
new_leader_after 'SIGKILL of the ctdbd that leads' $(echo 0 1 2 | tr -d "$old")
expect 'there was one leader at a time' one_leader_at_a_time
cat "$T/daemon/last"
for node in 0 1 2; do
	[ "$node" = "$old" ] || stop_node "$node"
done
expect 'the lock is free' free "$lock"

# One node, the lock file's name in its configuration, the helper by ctdbd's own means.
rm -rf "$T"/n?
export CTDB_CLUSTER_MUTEX_HELPER="$FCNTL"
make_nodes 1 "$lock"
start_node 0
wait_for 'the node is healthy' is_ok 0 1
helper=
new_leader_after 'the start of one node' 0
refuse 'the lock is free' free "$lock"
stop_node 0
wait_for 'its helper is gone' gone "$helper" # which sees by itself that ctdbd is
expect 'the lock is free' free "$lock"
