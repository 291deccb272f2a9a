# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib-cluster.sh: three nodes with Debian's ctdbd in its usual places, each in net, mount and pid namespaces of its own, and our
# NFS programs in place of CTDB's; sourced after lib.sh, with need_root.
#
# Public addresses are 10.99.0.101-103, clients 10.99.0.201-205 on the bridge that joins the nodes.
#
# make_nodes         makes the namespaces and starts ctdbd everywhere; waits until all addresses are hosted
# on N COMMAND…      in node N
# start_node N       starts ctdbd
# NODE_PIDS          pids that hold the nodes, for nsenter

NODE_PIDS=

on()
{
	# shellcheck disable=SC2086 # a list of pids
	_pid=$(echo $NODE_PIDS | cut -d ' ' -f "$(($1 + 1))")
	shift
	nsenter -t "$_pid" -n -m -p "$@"
}

make_node()
{
	_node=$T/n$1
	mkdir -p "$_node/etc" "$_node/run" "$_node/lib/ctdb/volatile" "$_node/lib/ctdb/persistent" "$_node/lib/ctdb/state" \
		"$_node/lib/ctdb/scripts" "$_node/lib/nfs/sm" "$_node/lib/nfs/sm.bak" "$_node/lib/ctdb-processd"
	chown -R statd:nogroup "$_node/lib/nfs/sm" "$_node/lib/nfs/sm.bak"
	cp -a /etc/ctdb/. "$_node/etc/"
	printf '10.98.0.%d\n' 1 2 3 >"$_node/etc/nodes"
	printf '10.99.0.%d/24 eth0\n' 101 102 103 >"$_node/etc/public_addresses"
	cat >"$_node/etc/ctdb.conf" <<E2
[logging]
  location = file:$_node/log
  log level = NOTICE
[cluster]
  cluster lock = $T/cluster.lock
  leader timeout = 3
[legacy]
  realtime scheduling = false
E2
	printf 'KeepaliveInterval=1\nKeepaliveLimit=3\nMonitorInterval=2\nRerecoveryTimeout=2\nNoIPFailback=1\n' >"$_node/etc/ctdb.tunables"
	for _script in 00.ctdb 10.interface 60.nfs; do
		ln -sf "/usr/share/ctdb/events/legacy/$_script.script" "$_node/etc/events/legacy/$_script.script"
	done
	rm -f "$_node/etc/events/legacy/01.reclock.script" "$_node/etc/events/legacy/05.system.script"
	cp "$TEST_DIR/../../statd-callout/events/"*.script "$_node/etc/events/legacy/"
	ln -sf /usr/libexec/ctdb/statd_callout "$_node/etc/statd-callout"
	# No NFS server runs here, so the stock script has none to look after.
	mkdir "$_node/etc/no-checks"
	cat >"$_node/etc/script.options" <<E2
CTDB_NFS_CALLOUT=/bin/true
CTDB_NFS_CHECKS_DIR=/etc/ctdb/no-checks
CTDB_NFS_SKIP_SHARE_CHECK=yes
CTDB_STATD_CALLOUT_SHARED_STORAGE=${STORAGE:-persistent_db:ctdb.tdb}
E2
	# Its pid 1 reaps what ctdbd leaves.
	unshare -n -m -p --propagation private --mount-proc --kill-child -f sh -ec "
		mount --bind '$_node/etc' /etc/ctdb; mkdir -p /run/ctdb; mount --bind '$_node/run' /run/ctdb
		mount --bind '$_node/lib' /var/lib; mount --bind '$T/libexec' /usr/libexec
		: >'$_node/up'; sleep infinity & wait" &
	_holder=$!
	remember "$_holder"
	wait_for "node $1 is there" test -e "$_node/up"
	NODE_PIDS="$NODE_PIDS $(pgrep -P "$_holder")"
	NODE_PIDS=${NODE_PIDS# }
	ip link add "p$1" type veth peer name eth0 netns "${NODE_PIDS##* }"
	ip link set "p$1" master br0 up
	on "$1" ip link set lo up
	on "$1" ip addr add "10.98.0.$(($1 + 1))/24" dev eth0
	on "$1" ip link set eth0 up
}

start_node()
{
	on "$1" ctdbd -i >>"$T/n$1/out" 2>&1 </dev/null &
	remember $!
}

all_hosted()
{
	[ "$(on 0 ctdb -X ip all | grep -cE '^\|10\.99\.0\.10[123]\|[012]\|')" = 3 ]
}

make_nodes()
{
	mkdir -p "$T/libexec"
	cp -a /usr/libexec/. "$T/libexec/"
	for _program in statd_callout statd_callout_helper public-addresses; do
		cp "$BIN_DIR/$_program" "$T/libexec/ctdb/"
	done
	mount -t tmpfs run /run
	ip link add br0 type bridge || skip 'needs a bridge'
	ip link set br0 up
	for _client in 201 202 203 204 205; do
		ip addr add "10.99.0.$_client/24" dev br0
	done
	for _number in 0 1 2; do
		make_node "$_number"
	done
	for _number in 0 1 2; do
		start_node "$_number"
	done
	WAIT=120 wait_for 'all addresses are hosted' all_hosted
}
