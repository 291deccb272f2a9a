#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# queued-db is killed at each of its crash points: what was acknowledged before arrives, what was under way arrives wholly or
# not at all, and the queue checks.
# test: crash-points timeout=300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-one-ctdb.sh"
need ctdbd ctdb
need_root

CTDB_PROCESSD_CRASH_FILE=$T/crash
export CTDB_PROCESSD_CRASH_FILE

queue()
{
	"$BIN_DIR/queued-db" --dir "$T/queues" "$@"
}

# die_at POINT COMMAND…: the command is killed there.
die_at()
{
	printf '%s' "$1" >"$T/crash"
	_code=0
	_point=$1
	shift
	"$@" || _code=$?
	equal "exit code of $*, killed at $_point" 137 "$_code"
	refuse "$_point was not reached" test -e "$T/crash"
	expect 'the queue is as it was written' queue check db.tdb
}

carried()
{
	expect 'the rest is carried' queue flush db.tdb
	list_db db.tdb | tr '\n' ','
}

start_ctdbd
ctdb attach db.tdb persistent

n=0
for point in log:half-written log:written; do
	n=$((n + 1))
	expect 'a change' queue put db.tdb acknowledged "$n"
	die_at "$point" queue put db.tdb last "$n"
	expect 'another change' queue put db.tdb after "$n"
	case $point in
	log:half-written) equal "carried after $point" "acknowledged $n,after $n," "$(carried)" ;;
	*) equal "carried after $point" "acknowledged $n,after $n,last $n," "$(carried)" ;;
	esac
done
expect 'a delete' queue del db.tdb last
for point in flush:before-commit flush:after-commit flush:taken-off; do
	n=$((n + 1))
	expect 'a change' queue put db.tdb acknowledged "$n"
	die_at "$point" queue flush db.tdb
	expect 'another change' queue put db.tdb after "$n"
	equal "carried after $point" "acknowledged $n,after $n," "$(carried)"
done

# The log is written anew when it is full of what is overwritten.
for point in log:before-rename log:after-rename; do
	n=$((n + 1))
	for _ in 1 2 3 4 5; do
		expect 'a change' queue put db.tdb acknowledged "$n"
	done
	die_at "$point" queue --max-bytes 200 put db.tdb after 0
	expect 'another change' queue --max-bytes 200 put db.tdb after "$n"
	equal "carried after $point" "acknowledged $n,after $n," "$(carried)"
done
