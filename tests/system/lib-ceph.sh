#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib-ceph.sh: sourced after lib-mutex.sh by tests that need Ceph: one monitor, one storage daemon in memory, no manager, in
# this network namespace. Needs about 80 MB of memory and 8 s.
#
# Variables   CEPH the helper under test; OSD_PID the storage daemon
# start_ceph      with a pool named locks
# start_osd       again, after it was killed
# list_lockers OBJECT   the clients that have the lock, by the storage daemon

# shellcheck disable=SC2034 # for those who source this
CEPH=$BIN_DIR/ctdb_mutex_ceph_rados_helper
OSD_PID=
export CEPH_CONF="$T/ceph/ceph.conf"

start_ceph()
{
	mkdir -p "$T/ceph/mon" "$T/ceph/osd" "$T/ceph/run" "$T/ceph/log"
	_fsid=$(cat /proc/sys/kernel/random/uuid)
	_uuid=$(cat /proc/sys/kernel/random/uuid)
	cat >"$CEPH_CONF" <<E
[global]
fsid = $_fsid
mon host = v2:127.0.0.1:3300,v1:127.0.0.1:6789
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
run dir = $T/ceph/run
admin socket = $T/ceph/run/\$name.\$pid.asok
pid file = $T/ceph/run/\$name.pid
log file = $T/ceph/log/\$name.log
crash dir = $T/ceph/log
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
osd crush chooseleaf type = 0
ms bind ipv6 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
[client]
admin socket =
log file =
[mon.a]
mon data = $T/ceph/mon
mon data avail crit = 1
[osd.0]
osd data = $T/ceph/osd
osd objectstore = memstore
memstore device bytes = 268435456
E
	monmaptool --create --fsid "$_fsid" --addv a '[v2:127.0.0.1:3300,v1:127.0.0.1:6789]' "$T/ceph/monmap" >/dev/null
	ceph-mon -i a --mkfs --monmap "$T/ceph/monmap" >"$T/ceph/log/mon.mkfs" 2>&1
	ceph-mon -i a -f >"$T/ceph/log/mon.out" 2>&1 </dev/null &
	remember $!
	wait_for 'the monitor answers' timeout 5 ceph mon stat
	expect 'a storage daemon is known' ceph osd new "$_uuid"
	expect 'its store is made' ceph-osd -i 0 --mkfs --osd-uuid "$_uuid"
	expect 'it has a place' ceph osd crush add osd.0 1.0 root=default host=localhost
	start_osd
	expect 'a pool' ceph osd pool create locks 8 8
	wait_for 'the pool works' timeout 20 rados -p locks put probe /dev/null
}

start_osd()
{
	ceph-osd -i 0 -f >>"$T/ceph/log/osd.out" 2>&1 </dev/null &
	OSD_PID=$!
	remember "$OSD_PID"
	wait_for 'the storage daemon is up' sh -c "timeout 10 ceph osd stat | grep -q '1 up'"
}

list_lockers()
{
	timeout 20 rados -p locks ${2:+-N "$2"} lock info "$1" ctdb_reclock_mutex 2>/dev/null | jq -r '.lockers[].name'
}
