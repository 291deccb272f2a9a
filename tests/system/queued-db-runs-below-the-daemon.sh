#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Where ctdb-processd serves its socket, each transaction of queued-db is one of its runs, with its outcome; where it does not, ctdb
# runs without.
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-one-ctdb.sh"
need ctdbd ctdb jq
need_root
PATH=$BIN_DIR:$PATH
export PATH

runs()
{
	api GET /v1/runs | jq -r '[.runs[] | select(.process.command[1] == "ptrans")] | map("\(.outcome) \(.code)") | join(",")'
}

start_ctdbd
ctdb attach db.tdb persistent
start_daemon
expect 'a change' queued-db --dir "$T/queues" put db.tdb a 1
expect 'it is carried' queued-db --dir "$T/queues" flush db.tdb
equal 'the database has it' 'a 1' "$(list_db db.tdb)"
equal 'the run has its record' 'exited 0' "$(runs)"
expect 'a change of a database that is none' queued-db --dir "$T/queues" put none.tdb a 1
refuse 'it is carried' queued-db --dir "$T/queues" flush none.tdb
equal 'so has the one that failed' 'exited 1,exited 0' "$(runs)"
stop_daemon
expect 'a change' queued-db --dir "$T/queues" put db.tdb b 1
expect 'it is carried without the daemon' queued-db --dir "$T/queues" flush db.tdb
equal 'the database has it' 'a 1,b 1,' "$(list_db db.tdb | tr '\n' ',')"
