#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Hundreds of lock helpers of a real ctdbd wait for records of a database that another process has locked as a whole:
# ctdbd goes on answering and leading, the log has one report that counts them and names the holder, not hundreds, and when
# the database is free again everybody is served.
# test: timeout=300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-ctdbd.sh"

need_root
need ctdbd ctdb python3
export WAIT=90
make_nodes 1

start_node 0 "CTDB_LOCK_HELPER=$BIN_DIR/ctdb_lock_helper" CTDB_LOCK_HELPER_REPORT_AFTER=1s
wait_for 'the node is healthy' is_ok 0 1
export CTDB_BASE="$T/n0"
log=$T/n0/log
ctdb attach volatile.tdb
db=$(ctdb getdbmap | sed -n 's/^dbid:\(0x[0-9a-f]*\) name:volatile.tdb .*/\1/p')
path=$CTDB_BASE/db/volatile/volatile.tdb.0
mkfifo "$T/fifo"
sleep 1000 >"$T/fifo" & # keeps it open
remember $!
"$TEST_DIR/tdb_lock.py" "$path" 0x1c41 >"$T/held" 2>&1 <"$T/fifo" &
holder=$!
remember "$holder"
wait_for 'another process has the whole database' grep -q locked "$T/held"

# More than the 200 that ctdbd starts at one time.
: >"$log"
"$TEST_DIR/ctdb_calls.py" "$CTDB_BASE/run/ctdbd.socket" "$db" 300 >"$T/calls" 2>&1 &
calls=$!
wait_for 'two hundred helpers wait' lock_helpers 200
wait_for 'the report counts them all' grep -q "^locking: warning: waiting for locks db=$path .* helpers=200 " "$log"
expect 'the report names who has the database' grep -q "^locking: .* held_by=\"$holder python3 (S)\"" "$log"
for _ in 1 2 3 4 5; do
	expect 'ctdbd answers meanwhile' timeout 10 ctdb ping
done
reports=$(grep -c '^locking: ' "$log")
[ "$reports" -lt 12 ] || fail "$reports lines about one stampede: $(grep '^locking: ' "$log")"

kill -KILL "$holder"
wait "$calls" || fail "not everybody was served: $(cat "$T/calls")"
wait_for 'the end is told, with the peak' grep -q "^locking: info: the wait for locks is over db=$path .* peak=200" "$log"
wait_for 'no helper stays behind' no_lock_helpers
refuse 'the leader was late' grep -qiE 'leader broadcast timeout|election' "$log"
expect 'the node is healthy' is_ok 0 1
stop_node 0
