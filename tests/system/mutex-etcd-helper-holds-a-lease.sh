#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# ctdb_mutex_etcd_helper against Debian's etcd: answers with one byte, is silent on contention, holds for longer than its
# lease, lets go on SIGTERM and when its parent is gone; and gives up before the lease ends when the server is stopped,
# killed, or cut off, when the key is taken away, and when it is itself stopped.
# test: asan
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mutex.sh"
. "$(dirname "$0")/lib-etcd.sh"

need_root
need etcd etcdctl ip
me=ctdb_mutex_etcd_helper

# The server says whose the key is; a lease of 2 s that ended would have taken it away.
key_is_gone()
{
	[ -z "$(etcdctl get --print-value-only "${1:-ctdb/cluster_lock}")" ]
}

# expect_lost NAME PATTERN: it ended before the server had given the key away, with words like these.
expect_lost()
{
	wait_for "$1 has let go" lost "$1"
	wait_for "$1 is gone" ended "$1"
	said "$1" | grep -q "$2" || fail "$1 said: $(said "$1")"
	expect "$1 answered with one byte" has "$1" 0
}

# Before there is a server, and with a configuration that is not there.
ask early "$ETCD" "$T/none.conf"
wait_for 'an answer without configuration' has early 3
equal 'its words' "$me: Unable to use $T/none.conf: No such file or directory" "$(said early)"
printf 'endpoints = http://127.0.0.1:2379\nlock_ttl = 2\n' >"$ETCD_CONF"
ask early "$ETCD" "$ETCD_CONF"
wait_for 'an answer without a server' has early 3
said early | grep -q "^$me: Failed to get lock - (http://127.0.0.1:2379/" || fail "it said: $(said early)"
start_etcd

# Held, contended, and held still after two lengths of the lease.
holds first "$ETCD" "$ETCD_CONF"
pid=$(pid_of first)
equal 'what people find in etcd' "$(uname -n) $pid" \
	"$(etcdctl get --print-value-only ctdb/cluster_lock | jq -r '"\(.host) \(.pid)"')"
ask second "$ETCD" "$ETCD_CONF"
wait_for 'the second is told' has second 1
wait_for 'the second ends' ended second
equal 'what the second said' '' "$(said second)"
lease=$(etcdctl lease list | tail -n 1)
is_old()
{
	[ "$(ps -o etimes= -p "$pid")" -ge 5 ]
}
wait_for 'it holds for 5 s' is_old
equal 'its lease' "$lease" "$(etcdctl lease list | tail -n 1)"
holds other "$ETCD" "$ETCD_CONF" another/key
let_go other TERM
expect 'the other key is gone' key_is_gone another/key
let_go first TERM
expect 'the key is gone with SIGTERM' key_is_gone
wait_for 'the exit code is known' test -s "$T/mutex/first.code"
equal 'the exit code' 0 "$(cat "$T/mutex/first.code")"
holds orphan "$ETCD" "$ETCD_CONF"
kill -KILL "$(parent_of orphan)"
expect_lost orphan '^parent gone$'
expect 'the key is gone' key_is_gone

# The holder killed: free when the lease ends. The holder stopped: killed before.
holds killed "$ETCD" "$ETCD_CONF"
let_go killed KILL
wait_for 'the key is gone' key_is_gone
holds stopped "$ETCD" "$ETCD_CONF"
kill -STOP "$(pid_of stopped)"
expect_lost stopped 'lock lost - holder does not run, killed before its lease ends'
refuse 'the server had given it away before' key_is_gone
wait_for 'the key is gone' key_is_gone

# The key taken away.
holds robbed "$ETCD" "$ETCD_CONF"
etcdctl del ctdb/cluster_lock >/dev/null
expect_lost robbed 'lock lost - key "ctdb/cluster_lock" is gone'

# The server stopped, then killed, and back.
holds paused "$ETCD" "$ETCD_CONF"
signal_etcd STOP
expect_lost paused "$me: lock lost - not renewed in time"
ask unheard "$ETCD" "$ETCD_CONF"
wait_for 'an answer although the server hangs' has unheard 2
equal 'its words' "$me: etcd does not answer" "$(said unheard)"
# SIGTERM while it waits for the server.
ask asked "$ETCD" "$ETCD_CONF"
connected()
{
	ss -tnp | grep -q "pid=$(pid_of asked),"
}
wait_for 'it is connected' connected
let_go asked TERM
expect 'no byte was written' has asked ''
signal_etcd CONT
wait_for 'the key is gone' key_is_gone
holds served "$ETCD" "$ETCD_CONF"
signal_etcd KILL
expect_lost served "$me: lock lost - not renewed in time"
start_etcd
wait_for 'the key is gone' key_is_gone

# Cut off: the helper in a namespace of its own, whose cable is pulled. It has ended before another one has the mutex.
signal_etcd KILL
unshare -n sleep 1000 &
node=$!
remember "$node"
wait_for 'the namespace is there' sh -c "[ \"\$(readlink /proc/$node/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
ip link add cable type veth peer name eth0 netns "$node"
ip addr add 10.98.0.1/24 dev cable
ip link set cable up
nsenter -t "$node" -n sh -c 'ip link set lo up; ip addr add 10.98.0.2/24 dev eth0; ip link set eth0 up'
start_etcd --listen-client-urls http://127.0.0.1:2379,http://10.98.0.1:2379
printf 'endpoints = http://10.98.0.1:2379\nlock_ttl = 3\n' >"$T/far.conf"
holds far nsenter -t "$node" -n "$ETCD" "$T/far.conf"
ip link set cable down
near_has_it()
{
	ask near "$ETCD" "$ETCD_CONF"
	wait_for 'near has its answer' has_answer near
	has near 0 && return
	lost far || { # contended: it must be far that has it, so it may hold still
		has near 1 || fail "near answered $(cat "$T/mutex/near.bytes")"
	}
	return 1
}
wait_for 'the other side gets the mutex' near_has_it
expect 'the one that was cut off had let go by then' lost far
expect_lost far "$me: lock lost - not renewed in time"
