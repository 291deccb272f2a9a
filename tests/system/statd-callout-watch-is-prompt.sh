#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# statd_callout_helper watch carries a record to the database soon after the callout has left it, on its own; goes on after ctdbd
# was away; and does nothing at all while there is nothing to do. startup takes over what CTDB's callout left, hand-back leaves
# what waits where CTDB's callout has it.
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-one-ctdb.sh"
need ctdbd ctdb
need_root

export CTDB_SCRIPT_VARDIR="$T/scripts" CTDB_STATD_CALLOUT_STATE_DIR="$T/kept" CTDB_STATD_CALLOUT_SM_DIR="$T/sm" \
	CTDB_STATD_CALLOUT_SHARED_STORAGE=persistent_db:callout.tdb
mkdir -p "$T/scripts/service/nfs/statd-callout" "$T/sm" "$T/sm.bak"
echo 10.99.0.101 >"$T/scripts/my-public-ip-addresses"
helper=$BIN_DIR/statd_callout_helper

has()
{
	list_db callout.tdb | grep -q "^statd-state@10.99.0.101@$1 "
}

switches()
{
	awk '/ctxt_switches/ { sum += $2 } END { print sum }' "/proc/$watch/status"
}

start_ctdbd
printf '"statd-state@10.99.0.101@left" "1730000000"\n' >"$T/scripts/service/nfs/statd-callout/statd-state@10.99.0.101@left"
expect 'startup' "$helper" startup
equal 'the configuration' 'persistent_db' "$(head -n 1 "$T/scripts/statd_callout.conf")"
equal 'it is kept, too' '' "$(cmp "$T/scripts/statd_callout.conf" "$T/kept/statd_callout.conf")"

"$helper" watch >"$T/watch.log" 2>&1 &
watch=$!
remember "$watch"
wait_for 'what CTDB had left is carried' has left
expect 'a client registers' "$BIN_DIR/statd_callout" add-client 192.168.7.9 me
wait_for 'its record is in the database' has 192.168.7.9
expect 'it leaves' "$BIN_DIR/statd_callout" del-client 192.168.7.9 me
# shellcheck disable=SC2251 # by wait_for
wait_for 'its record is gone' sh -c "! ctdb catdb callout.tdb | grep -q @192.168.7.9"

# What somebody else may put where rpc.statd's user may write.
ln -s /etc/passwd "$T/kept/queue/statd-state@10.99.0.101@link"
mkfifo "$T/kept/queue/statd-state@10.99.0.101@pipe"
mkdir "$T/kept/queue/statd-state@10.99.0.101@directory"
: >"$T/kept/queue/statd-state@10.99.0.101@two words"
printf '"statd-state@10.99.0.101@good" "1730000000"\n' >"$T/kept/queue/statd-state@10.99.0.101@good"
wait_for 'the record among it is carried' has good
wait_for 'the rest is thrown away' sh -c "! ls -A '$T/kept/queue' '$T/kept/taken' | grep -q statd-state"
refuse 'any of it is carried' sh -c "ctdb catdb callout.tdb | grep -E '@(link|pipe|directory|two)'"
equal 'nothing is read through a link' '' "$(grep -F root: "$T/watch.log" || :)"

# Idle. Forty looks in a row without a switch in between.
looks=0
before=$(switches)
idle()
{
	now=$(switches)
	if [ "$now" = "$before" ]; then looks=$((looks + 1)); else looks=0; fi
	before=$now
	[ "$looks" -ge 40 ]
}
wait_for 'it sleeps for two seconds on end' idle

# ctdbd away.
kill_ctdbd
expect 'a client registers' "$BIN_DIR/statd_callout" add-client 192.168.7.10 me
start_ctdbd
WAIT=60 wait_for 'its record is in the database after all' has 192.168.7.10

# Back to CTDB's own.
kill "$watch"
kill_ctdbd
expect 'a client registers' "$BIN_DIR/statd_callout" add-client 192.168.7.11 me
expect 'what waits is handed back' "$helper" hand-back
equal 'the file of it' '"statd-state@10.99.0.101@192.168.7.11"' \
	"$(cut -d ' ' -f 1 "$T/scripts/service/nfs/statd-callout/statd-state@10.99.0.101@192.168.7.11")"
equal 'nothing waits any more' '' "$("$BIN_DIR/queued-db" --dir "$T/kept/queued-db" list callout.tdb)"
expect 'an unknown subcommand is none' "$helper" no-such-thing
refuse 'a storage that is none' env CTDB_STATD_CALLOUT_SHARED_STORAGE=somewhere "$helper" startup
