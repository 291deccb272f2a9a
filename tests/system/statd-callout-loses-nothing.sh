#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The callout, its helper and the notifications with Debian's ctdbd: random schedules of clients that come and go, addresses
# that move, nodes that die, and kill -9 of any of the programs, against a model; with the database and with a shared directory.
# test: timeout=300
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-one-ctdb.sh"
need ctdbd ctdb python3
need_root

for address in 101 102 103; do
	ip addr add "10.99.0.$address/32" dev lo
done
start_ctdbd
seed=${SEED:-$(date +%s)}
expect 'the campaign with the database' "$TEST_DIR/callout_campaign.py" "$seed" "${SCHEDULES:-75}"
rm -rf "$T/campaign"
expect 'the campaign with a shared directory' "$TEST_DIR/callout_campaign.py" "$seed" "${SCHEDULES:-75}" shared_dir
