#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Some random schedules of taking, contending and killing with ctdb_mutex_ceph_rados_helper have no two holders at once.
# test: timeout=300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mutex.sh"
. "$(dirname "$0")/lib-ceph.sh"

need_root
[ -x "$CEPH" ] || skip 'needs librados when it was built'
need ceph ceph-mon ceph-osd rados monmaptool jq
WAIT=60
start_ceph
expect 'no two held at once' "$BIN_DIR/mutex-schedule" --schedules "${SCHEDULES:-60}" --seed "$(date +%s)" --parallel 12 --pause 250 -- \
	"$CEPH" ceph client.admin locks lock-% 2 -R
cat "$T/daemon/last"
