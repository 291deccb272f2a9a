#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# queued-db with Debian's ctdbd: changes arrive, also of bytes that are no text; what ctdb ptrans cannot carry is refused; while
# ctdbd is away they wait; random schedules with kill -9 and torn writes lose nothing that was acknowledged.
. "$(dirname "$0")/lib.sh"
need ctdbd ctdb python3
. "$(dirname "$0")/lib-one-ctdb.sh"
need_root

queue()
{
	"$BIN_DIR/queued-db" --dir "$T/queues" "$@"
}

pending()
{
	queue status "$1" | sed -n 's/^pending //p'
}

start_ctdbd
ctdb attach words.tdb persistent
ctdb attach campaign.tdb persistent

# Bytes.
expect 'a text is queued' queue put words.tdb 'a key' 'a value'
expect 'a key of any bytes' queue put words.tdb 0x00220a 0xff0022
expect 'a key that looks like hex' queue put words.tdb 0x30783631 1
equal 'three wait' 3 "$(pending words.tdb)"
expect 'they are carried' queue flush words.tdb
equal 'the database has them' '0x61 1,\00\22\0A \FF\00\22,a key a value,' "$(list_db words.tdb | tr '\n' ',')"
equal 'nothing waits' 0 "$(pending words.tdb)"
expect 'a key is deleted' queue del words.tdb 0x00220a
expect 'and another' queue put words.tdb 0x30783631 ''
expect 'carried' queue flush words.tdb
equal 'they are gone' 'a key a value' "$(list_db words.tdb)"
refuse 'a key too long for ctdb is queued' queue put words.tdb "$(printf '%01000d' 0)" "$(printf '%0100d' 0)"
refuse 'a bad line is queued' sh -c "printf '\"good\" \"1\"\nbad\n' | '$BIN_DIR/queued-db' --dir '$T/queues' load words.tdb"
equal 'nothing of the refused waits' 0 "$(pending words.tdb)"

# ctdbd away.
kill_ctdbd
expect 'a change is queued without ctdbd' queue put words.tdb later 1
refuse 'a flush works without ctdbd' queue flush words.tdb
code=0
queue --if-due flush words.tdb 2>/dev/null || code=$?
equal 'a flush that is not due says so' 4 "$code"
start_ctdbd
WAIT=60 wait_for 'it is carried when due' queue --if-due flush words.tdb
equal 'it arrived' 'a key a value,later 1,' "$(list_db words.tdb | tr '\n' ',')"
refuse 'a database that is not attached takes anything' sh -c "
	'$BIN_DIR/queued-db' --dir '$T/queues' put none.tdb k 1 && '$BIN_DIR/queued-db' --dir '$T/queues' flush none.tdb"

expect 'the campaign' "$TEST_DIR/queue_campaign.py" "${SEED:-$(date +%s)}" "${SCHEDULES:-40}"
