# SPDX-License-Identifier: GPL-3.0-or-later
# lib-ctdbd.sh: sourced after lib.sh; real ctdbds in CTDB's test mode, all in this network namespace as 127.0.0.1, .2, …
# Each node N has its CTDB_BASE in $T/nN, its log in $T/nN/log and a nodes file that tests may change.
#
# make_nodes COUNT          prepares nodes 0 to COUNT-1, which know each other
# make_node N               prepares one, with an empty nodes file
# start_node N [VAR=…]      starts ctdbd, with additions to its environment; does not wait for anything
# stop_node N               orderly, and waits for its end
# pid_of_node N             ctdbd's pid
# on_node N COMMAND…        a command with the node's environment
# is_ok N COUNT             does node N see that many healthy nodes?
# lock_helpers COUNT        are there at least so many lock helpers?
# no_lock_helpers           are there none?
# shellcheck shell=sh disable=SC2154 # T is lib.sh's

export CTDB_TEST_MODE=yes

make_node()
{
	_base=$T/n$1
	mkdir -p "$_base/run" "$_base/share/events" "$_base/events/legacy" "$_base/events/notification" \
		"$_base/db/volatile" "$_base/db/persistent" "$_base/db/state"
	cp /etc/ctdb/functions "$_base/"
	ln -s /usr/share/ctdb/events/legacy "$_base/share/events/legacy"
	: >"$_base/public_addresses"
	: >"$_base/nodes"
	cat >"$_base/ctdb.conf" <<-E
		[logging]
		  log level = NOTICE
		[cluster]
		  cluster lock = $T/cluster.lock
		  node address = 127.0.0.$(($1 + 1))
		  leader timeout = 3
		[database]
		  volatile database directory = $_base/db/volatile
		  persistent database directory = $_base/db/persistent
		  state database directory = $_base/db/state
	E
	printf 'KeepaliveInterval=1\nKeepaliveLimit=3\nMonitorInterval=2\nRerecoveryTimeout=2\n' >"$_base/ctdb.tunables"
}

make_nodes()
{
	for _n in $(seq 0 $(($1 - 1))); do
		make_node "$_n"
		seq -f '127.0.0.%g' "$1" >"$T/n$_n/nodes"
	done
}

on_node()
{
	_node=$1
	shift
	CTDB_BASE=$T/n$_node "$@"
}

start_node()
{
	_node=$1
	shift
	env "CTDB_BASE=$T/n$_node" "$@" ctdbd -i >>"$T/n$_node/log" 2>&1 </dev/null &
	echo $! >"$T/n$_node/pid"
	remember $!
}

pid_of_node()
{
	cat "$T/n$1/pid"
}

stop_node()
{
	on_node "$1" ctdb shutdown
	wait_for "ctdbd of node $1 has ended" gone "$(pid_of_node "$1")"
}

is_ok()
{
	[ "$(on_node "$1" timeout 20 ctdb -X nodestatus all | grep -cE '^\|[0-9]+\|[^|]+(\|0)+\|[YN]\|$')" = "$2" ]
}

lock_helpers()
{
	[ "$(pgrep -cx ctdb_lock_helpe)" -ge "$1" ] # the kernel's 15 characters
}

no_lock_helpers()
{
	! pgrep -x ctdb_lock_helpe
}
