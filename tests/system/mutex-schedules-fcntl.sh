#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Some hundred random schedules of taking, contending and killing with ctdb_mutex_fcntl_helper have no two holders at once;
# and the witness sees it when a helper does not keep others out.
. "$(dirname "$0")/lib.sh"

schedule=$BIN_DIR/mutex-schedule
refuse 'a helper that keeps nobody out passes' "$schedule" --schedules 20 -- /bin/sh -c 'printf 0; exec sleep 100'
cp "$T/daemon/last" "$T/said"
expect 'the witness said so' grep -q 'two held at once' "$T/said"
refuse 'a helper that says too much passes' "$schedule" --schedules 20 -- /bin/sh -c 'printf 11'
expect 'no two held at once' "$schedule" --schedules 300 --seed "$(date +%s)" -- "$BIN_DIR/ctdb_mutex_fcntl_helper" "$T/%.lock" 1
cat "$T/daemon/last"
