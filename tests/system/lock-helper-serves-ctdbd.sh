#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Debian's ctdbd with our ctdb_lock_helper in CTDB_LOCK_HELPER: recoveries freeze and thaw, databases are wiped while
# clients write, a record that another process has locked is waited for, and a SIGKILL of ctdbd ends all helpers at once.
# test: asan timeout=300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-ctdbd.sh"

need_root
need ctdbd ctdb python3
export WAIT=90
make_nodes 1

# What ctdbd starts: notes each start, then becomes the helper.
cat >"$T/helper" <<E
#!/bin/sh
echo "\$3" >>$T/starts
exec $BIN_DIR/ctdb_lock_helper "\$@"
E
chmod +x "$T/helper"
: >"$T/starts"

# hold FLAGS PATH [KEY]: another process takes a lock; HOLDER is its pid.
hold()
{
	"$TEST_DIR/tdb_lock.py" "$@" >"$T/held" 2>&1 <"$T/fifo" &
	HOLDER=$!
	remember "$HOLDER"
	wait_for 'the other process has the lock' grep -q locked "$T/held"
}

mkfifo "$T/fifo"
sleep 1000 >"$T/fifo" & # keeps it open
remember $!
start_node 0 "CTDB_LOCK_HELPER=$T/helper"
wait_for 'the node is healthy' is_ok 0 1
ctdbd=$(pid_of_node 0)
export CTDB_BASE="$T/n0"

ctdb attach volatile.tdb
ctdb attach persistent.tdb persistent
for round in 1 2; do
	for writer in 1 2 3 4; do
		(
			for i in 1 2 3 4 5 6; do
				timeout 60 ctdb pstore persistent.tdb "key$writer" "value $round $i"
				timeout 60 ctdb writekey volatile.tdb "key$i" "value $writer"
			done
		) >"$T/writer$writer" 2>&1 &
		eval "writer$writer=$!"
	done
	expect 'a database that is written to is wiped' timeout 60 ctdb wipedb volatile.tdb
	expect 'a recovery meanwhile' timeout 60 ctdb recover
	# shellcheck disable=SC2154 # set by eval
	wait "$writer1" "$writer2" "$writer3" "$writer4"
done
wait_for 'the node is healthy again' is_ok 0 1
ctdb pfetch persistent.tdb key1 >"$T/fetched"
equal 'the last transaction counts' 'value 2 6' "$(cat "$T/fetched")"
wait_for 'no helper stays behind' no_lock_helpers
expect 'databases were frozen through our helper' grep -q DB "$T/starts"
equal 'it is the same ctdbd' "$ctdbd" "$(cat "$CTDB_BASE/run/ctdbd.pid")"

# A record that another process keeps.
db=$(ctdb getdbmap | sed -n 's/^dbid:\(0x[0-9a-f]*\) name:volatile.tdb .*/\1/p')
path=$CTDB_BASE/db/volatile/volatile.tdb.0
: >"$T/starts"
hold "$path" 0x1c41
"$TEST_DIR/ctdb_calls.py" "$CTDB_BASE/run/ctdbd.socket" "$db" 1 >"$T/calls" 2>&1 &
calls=$!
wait_for 'a helper waits' lock_helpers 1
equal 'it waits for a record' RECORD "$(cat "$T/starts")"
kill -KILL "$HOLDER"
wait "$calls" || fail "ctdbd did not answer: $(cat "$T/calls")"
wait_for 'the helper went when it was told to' no_lock_helpers

# While helpers wait, the end of ctdbd ends them.
hold "$path" 0x1c41
"$TEST_DIR/ctdb_calls.py" "$CTDB_BASE/run/ctdbd.socket" "$db" 20 >"$T/calls" 2>&1 &
calls=$!
wait_for 'helpers wait' lock_helpers 20
kill -KILL "$ctdbd"
wait_for 'all helpers are gone' no_lock_helpers
if wait "$calls"; then fail 'a killed ctdbd answered'; fi
kill -KILL "$HOLDER"
refuse 'ctdbd came to grief' grep -E 'PANIC|SIGABRT|Abort|INTERNAL ERROR|locking: Error' "$T/n0/log"
