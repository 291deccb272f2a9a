#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Three nodes with Debian's ctdbd, its 60.nfs and our callout, helper and event scripts: clients that hold locks are notified from the
# address that moved, and no record is lost, over random moves, nodes disabled and shut down, and kill -9 of ctdbd and of the helper.
# test: long timeout=3600
. "$(dirname "$0")/lib.sh"
need_root
need ctdbd ctdb ip ethtool python3
. "$TEST_DIR/lib-cluster.sh"

make_nodes
"$TEST_DIR/nsm_clients.py" >"$T/told" 2>&1 &
remember $!
wait_for 'the clients are there' grep -q ready "$T/told"
# shellcheck disable=SC2086 # three pids
"$TEST_DIR/cluster_campaign.py" "${SEED:-$(date +%s)}" "${SCHEDULES:-30}" $NODE_PIDS || {
	for number in 0 1 2; do
		echo "--- node $number"
		tail -n 40 "$T/n$number/out"
	done
	fail 'the campaign'
}
