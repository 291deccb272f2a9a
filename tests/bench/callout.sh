#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/bench/callout.sh PROGRAM BIN_DIR COUNT: measures one callout of rpc.statd from exec to exit, with one public address; as
# root. Called by ./bench, inside namespaces of its own. PROGRAM: true, plain, none, data, dir (statd_callout with that durability),
# debian (its script, with a ctdbd), with -memory behind on a tmpfs; statd-true, statd-none, statd-data, statd-dir (COUNT pairs of SM_MON and SM_UNMON through
# Debian's rpc.statd with that callout). Prints bench-run's line of JSON, or {"pair_us": …}. Exit code: that of what measures.
set -eu
program=${1%-memory} bin=$2 count=$3
here=$(cd "$(dirname "$0")" && pwd)
# On the disk that matters, as far as /var/tmp is on it.
work=$(mktemp -d -p /var/tmp)
trap 'umount -l "$work" 2>/dev/null || :; rm -rf "$work"' EXIT
[ "$program" = "$1" ] || mount -t tmpfs none "$work"
chmod 755 "$work"
mkdir "$work/queue"
export CTDB_STATD_CALLOUT_CONFIG_FILE="$work/config"
printf 'persistent_db\n%s/queue\n%s/addresses\ndurability = %s\n' "$work" "$work" "${program#statd-}" >"$work/config"
echo 10.99.0.101 >"$work/addresses"
ip link set lo up

wait_for()
{
	_tries=0
	until "$@" >/dev/null 2>&1; do
		_tries=$((_tries + 1))
		[ "$_tries" -lt 600 ] || {
			echo "callout.sh: waited in vain for: $*" >&2
			exit 1
		}
		sleep 0.1
	done
}

# A ctdbd of one node that hosts the address.
start_ctdbd()
{
	export CTDB_BASE="$work/ctdb" CTDB_TEST_MODE=yes
	mkdir -p "$CTDB_BASE/run" "$CTDB_BASE/share/events" "$CTDB_BASE/events/legacy" "$CTDB_BASE/events/notification" \
		"$CTDB_BASE/volatile" "$CTDB_BASE/persistent" "$CTDB_BASE/state" "$CTDB_BASE/scripts"
	cp /etc/ctdb/functions /etc/ctdb/statd-callout "$CTDB_BASE/"
	ln -s /usr/share/ctdb/events/legacy "$CTDB_BASE/share/events/legacy"
	echo 127.0.0.1 >"$CTDB_BASE/nodes"
	echo '10.99.0.101/32 lo' >"$CTDB_BASE/public_addresses"
	cat >"$CTDB_BASE/ctdb.conf" <<E2
[logging]
  location = file:$CTDB_BASE/log
[cluster]
  cluster lock = $CTDB_BASE/lock
  node address = 127.0.0.1
  leader timeout = 2
[database]
  volatile database directory = $CTDB_BASE/volatile
  persistent database directory = $CTDB_BASE/persistent
  state database directory = $CTDB_BASE/state
E2
	export CTDB_SCRIPT_VARDIR="$CTDB_BASE/scripts" NFS_HOSTNAME=nas
	ctdbd -i >"$work/ctdbd.log" 2>&1 </dev/null &
	wait_for sh -c 'ctdb -X ip | grep -q "^|10.99.0.101|0|"'
	wait_for sh -c 'ctdb runstate | grep -qx RUNNING'
}

measure()
{
	"$bin/bench-run" bare --how spawn --count "$count" --in-flight 1 -- "$@"
}

case $program in
true) measure /bin/true ;;
plain) measure "$bin/bench-plain-callout" add-client 192.168.7.9 nas ;;
none | data | dir) measure "$bin/statd_callout" add-client 192.168.7.9 nas ;;
debian)
	start_ctdbd
	measure "$CTDB_BASE/statd-callout" add-client 192.168.7.9 nas
	;;
statd-*)
	mount -t tmpfs run /run
	mkdir -p /run/rpcbind "$work/statd/sm" "$work/statd/sm.bak"
	chown -R statd:nogroup "$work/statd" "$work/queue"
	callout=$bin/statd_callout
	[ "$program" != statd-true ] || callout=/bin/true
	cp "$callout" "$work/callout" # where rpc.statd's user may go
	rpcbind -f -w &
	wait_for rpcinfo -p 127.0.0.1
	rpc.statd -F --no-notify -P "$work/statd" -H "$work/callout" -n nas 2>/dev/null &
	wait_for rpcinfo -T udp 127.0.0.1 status 1
	seconds=$("$here/../system/nsm.py" pairs "$count" 192.168.7.9)
	echo "{\"pair_us\": $(awk -v s="$seconds" -v n="$count" 'BEGIN { print s / n * 1e6 }')}"
	;;
esac
