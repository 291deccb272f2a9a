#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Ten thousand random schedules of taking, contending and killing with ctdb_mutex_fcntl_helper have no two holders at once.
# test: long timeout=1800
. "$(dirname "$0")/lib.sh"

expect 'no two held at once' "$BIN_DIR/mutex-schedule" --schedules 10000 --seed "$(date +%s)" --parallel 4 -- \
	"$BIN_DIR/ctdb_mutex_fcntl_helper" "$T/%.lock" 1
cat "$T/daemon/last"
