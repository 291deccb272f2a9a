#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# How long three nodes are without a leader that holds the lock after SIGKILL of the ctdbd that leads, with CTDB's fcntl
# helper and with ours, one after the other. Prints the times and judges none; a leader must be found each time.
# test: long timeout=400
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mutex.sh"
. "$(dirname "$0")/lib-ctdb.sh"

need_root
need ctdbd ctdb python3 setsid
WAIT=90
for whose in theirs ours theirs ours; do
	program=$FCNTL
	[ "$whose" = ours ] || program=/usr/libexec/ctdb/ctdb_mutex_fcntl_helper
	[ -x "$program" ] || skip "needs $program"
	make_nodes 3 "!$program $T/cluster.lock"
	for node in 0 1 2; do start_node "$node"; done
	wait_for 'three nodes are healthy' is_ok 0 3
	helper=
	new_leader_after "the start ($whose)" 0 1 2
	old=$leader
	kill_node "$old"
	# shellcheck disable=SC2046 # two words
	new_leader_after "SIGKILL of the ctdbd that leads ($whose)" $(echo 0 1 2 | tr -d "$old")
	for node in 0 1 2; do
		[ "$node" = "$old" ] || stop_node "$node"
	done
	expect 'there was one leader at a time' one_leader_at_a_time
	rm -rf "$T"/n?
done
