#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# statd_callout_helper is killed at each of its crash points: the record is in the store, and the client notified, after what CTDB
# calls next.
# test: crash-points timeout=300
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-one-ctdb.sh"
need ctdbd ctdb python3
need_root

server=10.99.0.101 client=127.7.0.5
export CTDB_SCRIPT_VARDIR="$T/scripts" CTDB_STATD_CALLOUT_STATE_DIR="$T/kept" CTDB_STATD_CALLOUT_SM_DIR="$T/sm" \
	CTDB_STATD_CALLOUT_CONFIG_FILE="$T/kept/statd_callout.conf" CTDB_PROCESSD_CRASH_FILE="$T/crash"
mkdir -p "$T/scripts" "$T/sm" "$T/sm.bak"
echo "$server" >"$T/scripts/my-public-ip-addresses"
ip addr add "$server/32" dev lo
"$TEST_DIR/nsm_clients.py" >"$T/told" 2>&1 &
remember $!
wait_for 'the client is there' grep -q ready "$T/told"

helper()
{
	"$BIN_DIR/statd_callout_helper" "$@"
}

# die_at POINT ARG…: the helper is killed there.
die_at()
{
	printf '%s' "$1" >"$T/crash"
	_code=0
	_point=$1
	shift
	helper "$@" || _code=$?
	equal "exit code of $*, killed at $_point" 137 "$_code"
	refuse "$_point was not reached" test -e "$T/crash"
}

register()
{
	expect 'the client registers' "$BIN_DIR/statd_callout" add-client "$client" me
}

stored()
{
	case $CTDB_STATD_CALLOUT_SHARED_STORAGE in
	shared_dir*) (cd "$T/shared" && find . -name 'statd-state@*') ;;
	*) list_db callout.tdb | grep '^statd-state' ;;
	esac | grep -c "statd-state@$server@$client"
}

times_told()
{
	grep -c "^$server $client " "$T/told"
}

start_ctdbd
CTDB_STATD_CALLOUT_SHARED_STORAGE=persistent_db:callout.tdb
export CTDB_STATD_CALLOUT_SHARED_STORAGE
expect 'startup' helper startup
for point in take:moved take:queued; do
	register
	die_at "$point" update
	expect 'update' helper update
	equal "records after $point" 1 "$(stored)"
	expect 'the client leaves' "$BIN_DIR/statd_callout" del-client "$client" me
	die_at "$point" update
	expect 'update' helper update
	equal "records after $point" 0 "$(stored || :)"
done

register
die_at notify:listed takeip "$server"
equal 'the record, as the helper died before it was marked' 1 "$(stored)"
expect 'CTDB repeats the takeover' helper takeip "$server"
die_at notify:told notify
equal 'the client was told' 1 "$(times_told)"
equal 'its record, as the helper died before it was removed' 1 "$(stored)"
expect 'the next one' helper notify
equal 'the client was told again' 2 "$(times_told)"
equal 'its record is gone' 0 "$(stored || :)"

CTDB_STATD_CALLOUT_SHARED_STORAGE=shared_dir:$T/shared
expect 'startup' helper startup
register
expect 'the address arrives' helper takeip "$server"
die_at remove:aside notify
equal 'the record is not there, as the helper died while it looked at it' 0 "$(stored || :)"
expect 'the next one' helper notify
equal 'the client was told again' 4 "$(times_told)"
equal 'its record is gone' 0 "$(stored || :)"
equal 'so is the file aside' '' "$(find "$T/shared" -name '.removing*')"
