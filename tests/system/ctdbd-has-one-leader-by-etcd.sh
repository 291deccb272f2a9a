#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Three nodes of Debian's ctdbd with ctdb_mutex_etcd_helper as their cluster lock have one leader at a time, and a new one
# after the death or wedge of the helper, of ctdbd, and after etcd was away for longer than the lease.
# test: timeout=300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mutex.sh"
. "$(dirname "$0")/lib-etcd.sh"
. "$(dirname "$0")/lib-ctdb.sh"

need_root
need ctdbd ctdb etcd etcdctl python3 setsid
WAIT=90
start_etcd
make_nodes 3 "!$ETCD $ETCD_CONF"
for node in 0 1 2; do start_node "$node"; done
wait_for 'three nodes are healthy' is_ok 0 3
helper=
new_leader_after 'the start' 0 1 2

kill -KILL "$helper"
new_leader_after 'SIGKILL of the helper' 0 1 2
kill -STOP "$helper"
new_leader_after 'SIGSTOP of the helper' 0 1 2
signal_etcd STOP
wait_for 'the helper gives up' gone "$helper"
signal_etcd CONT
new_leader_after 'etcd stopped' 0 1 2
old=$leader
kill_node "$old"
# shellcheck disable=SC2046 # two words
new_leader_after 'SIGKILL of the ctdbd that leads' $(echo 0 1 2 | tr -d "$old")
expect 'there was one leader at a time' one_leader_at_a_time
cat "$T/daemon/last"
