#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# CTDB's own mutex helper keeps its lock below ctdb-processd in a container, with the stub as process 1 and (BESIDE) beside another
# process 1 that reaps nobody; it lets go when its parent dies, whose zombie would keep it. Then all is stopped in order.
# For 6 s, as the helper looks for its parent every 5 s; container-keeps-locks-for-a-minute*.sh have the patience for more.
. "$(dirname "$0")/lib.sh"
HELD=${HELD:-6}
. "$(dirname "$0")/lib-container.sh"
. "$(dirname "$0")/lib-container-locks.sh"
need_root
need nsenter python3

if [ -z "${BESIDE:-}" ]; then
	start_container --init
	keep_locks
	inside kill -TERM 1
	container_ends 0
	exit
fi

: >"$LOG"
# shellcheck disable=SC2016 # expanded by the inner shell
run_beside sh -c '"$@" & exec sleep 100000' sh "$BIN_DIR/ctdb-processd" --foreground --config-dir "$CONFIG" --state-dir "$STATE" \
	--runtime-dir "$RUNTIME"
wait_for 'the API answers' container_answers
wait_for 'the service is up' service_is leaf ready
equal 'process 1' sleep "$(inside cat /proc/1/comm)"
keeper=$(in_container .keeper.pid)
keep_locks
inside kill -TERM "$keeper"
wait_for 'the keeper has ended in order' grep -q 'keeper ends exit_code=0' "$LOG"
only_its_zombie()
{
	equal zombies 'Z ctdb-processd' "$(zombies | sed 's/^Z[^ ]*/Z/; s/ <defunct>//' | xargs)"
	[ "$(inside ps -eo comm= | grep -cvE '^(sleep|ps|grep|ctdb-processd)')" = 0 ]
}
wait_for 'nothing but its own zombie is left' only_its_zombie
expect 'no helper is left' test 0 = "$(inside pgrep -c ctdb_mutex)"
kill -KILL "$CONTAINER"
