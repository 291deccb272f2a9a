#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Some random schedules of taking, contending and killing with ctdb_mutex_etcd_helper have no two holders at once.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mutex.sh"
. "$(dirname "$0")/lib-etcd.sh"

need_root
need etcd etcdctl
start_etcd
expect 'no two held at once' "$BIN_DIR/mutex-schedule" --schedules "${SCHEDULES:-100}" --seed "$(date +%s)" --parallel 16 --pause 40 -- \
	"$ETCD" "$ETCD_CONF" locks/%
cat "$T/daemon/last"
