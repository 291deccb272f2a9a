#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What ./try shows holds: Debian's unmodified ctdbd is started from its example, becomes ready, is logged, asked about over
# REST, keeps its pid while the manager is killed, and is stopped by "ctdb shutdown".
# test: asan
. "$(dirname "$0")/lib.sh"

need_root
need ctdbd ctdb jq curl ip
unset CTDB_PROCESSD_SOCKET
mkdir "$T/try"
TRY_DIR=$T/try BIN_DIR=$BIN_DIR "$TEST_DIR/../../try" >"$T/said" 2>&1 || {
	cat "$T/said" "$T/try/log"
	fail './try went wrong'
}
cp "$T/try/log" "$LOG"
expect 'ctdbd was ready' grep -q '^ctdbd  *ready' "$T/said"
expect 'the run over the death of the manager was kept' grep -q 'done while the manager was away' "$T/said"
expect 'it ended in order' grep -q 'Everything is cleaned up' "$T/said"
