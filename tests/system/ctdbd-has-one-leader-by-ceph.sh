#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Three nodes of Debian's ctdbd with ctdb_mutex_ceph_rados_helper as their cluster lock have one leader at a time, and a new
# one after the death or wedge of the helper, of ctdbd, and after the storage daemon was away for longer than the lock.
# test: long timeout=300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mutex.sh"
. "$(dirname "$0")/lib-ceph.sh"
. "$(dirname "$0")/lib-ctdb.sh"

need_root
[ -x "$CEPH" ] || skip 'needs librados when it was built'
need ctdbd ctdb ceph ceph-mon ceph-osd rados monmaptool jq python3 setsid
WAIT=90
start_ceph
make_nodes 3 "!$CEPH ceph client.admin locks reclock 4"
for node in 0 1 2; do start_node "$node"; done
wait_for 'three nodes are healthy' is_ok 0 3
helper=
new_leader_after 'the start' 0 1 2

kill -KILL "$helper"
new_leader_after 'SIGKILL of the helper' 0 1 2
kill -STOP "$helper"
new_leader_after 'SIGSTOP of the helper' 0 1 2
kill -STOP "$OSD_PID"
wait_for 'the helper gives up' gone "$helper"
kill -CONT "$OSD_PID"
new_leader_after 'the storage daemon stopped' 0 1 2
old=$leader
kill_node "$old"
# shellcheck disable=SC2046 # two words
new_leader_after 'SIGKILL of the ctdbd that leads' $(echo 0 1 2 | tr -d "$old")
expect 'there was one leader at a time' one_leader_at_a_time
cat "$T/daemon/last"
