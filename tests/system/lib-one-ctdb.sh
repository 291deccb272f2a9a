# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib-one-ctdb.sh: Debian's ctdbd, one node in test mode below $T/ctdb; sourced after lib.sh.
#
# start_ctdbd   starts it (again) and waits until it serves; CTDB_BASE and CTDB_TEST_MODE are exported, so ctdb finds it
# kill_ctdbd    SIGKILL to it and its helpers
# list_db DB    keys and values of a database, sorted, one "KEY VALUE" a line

CTDB_BASE=$T/ctdb
CTDB_TEST_MODE=yes
export CTDB_BASE CTDB_TEST_MODE
_ctdbd=

start_ctdbd()
{
	if [ ! -e "$CTDB_BASE/nodes" ]; then
		mkdir -p "$CTDB_BASE/run" "$CTDB_BASE/share/events" "$CTDB_BASE/events/legacy" "$CTDB_BASE/events/notification" \
			"$CTDB_BASE/db/volatile" "$CTDB_BASE/db/persistent" "$CTDB_BASE/db/state"
		cp /etc/ctdb/functions "$CTDB_BASE/"
		ln -s /usr/share/ctdb/events/legacy "$CTDB_BASE/share/events/legacy"
		echo 127.0.0.1 >"$CTDB_BASE/nodes"
		: >"$CTDB_BASE/public_addresses"
		cat >"$CTDB_BASE/ctdb.conf" <<E2
[logging]
  location = file:$CTDB_BASE/log
  log level = NOTICE
[cluster]
  cluster lock = $CTDB_BASE/cluster.lock
  node address = 127.0.0.1
  leader timeout = 2
[database]
  volatile database directory = $CTDB_BASE/db/volatile
  persistent database directory = $CTDB_BASE/db/persistent
  state database directory = $CTDB_BASE/db/state
E2
	fi
	setsid ctdbd -i >>"$CTDB_BASE/log" 2>&1 </dev/null &
	_ctdbd=$!
	remember "$_ctdbd"
	WAIT=120 wait_for 'ctdbd serves' ctdbd_serves
}

ctdbd_serves()
{
	[ "$(ctdb runstate 2>/dev/null)" = RUNNING ] && ctdb -X nodestatus | grep -qE '^\|0\|[^|]+(\|0)+\|Y\|$'
}

kill_ctdbd()
{
	kill -KILL -"$_ctdbd" # with its lock helper; eventd leaves the group
	wait "$_ctdbd" 2>/dev/null || :
	pkill -KILL -P 1 -x ctdb-eventd || : # we are pid 1 of a namespace of our own
	rm -f "$CTDB_BASE/run/eventd.pid" "$CTDB_BASE/run/ctdbd.pid"
}

list_db()
{
	ctdb catdb "$1" | sed -n 's/^key([0-9]*) = "\(.*\)"$/\1/p; s/^data([0-9]*) = "\(.*\)"$/ \1/p' | paste -d '\0' - - |
		grep -v '^__db_sequence_number__' | LC_ALL=C sort
}
