#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# statd-notify tells Debian's rpc.statd on another host, from the right address and under each name, over IPv4 and IPv6; of 1000
# clients the 100 that are dead hold up nobody; what rpcbind and statd lack is told by client.
# test: asan
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-nfs.sh"
need_root
need rpcbind rpc.statd rpcinfo python3

notify()
{
	"$BIN_DIR/statd-notify" "$@"
}

# Another host, with a statd that monitors us.
ip link add to-client type veth peer name to-server || skip 'needs veth'
ip addr add 10.99.0.1/24 dev to-client
ip addr add 10.99.0.101/32 dev to-client
ip link set to-client up
cat >"$T/client" <<'E2'
#!/bin/sh
exec >>"$T/client.log" 2>&1
mount -t tmpfs run /run
mkdir -p /run/rpcbind "$T/client-state/sm" "$T/client-state/sm.bak"
chown -R statd:nogroup "$T/client-state"
ip link set lo up
until ip link set to-server up; do sleep 0.05; done
ip addr add 10.99.0.9/24 dev to-server
ip addr add fd00::9/64 dev to-server
rpcbind -f -w &
until rpcinfo -p 127.0.0.1; do sleep 0.05; done
rpc.statd -F --no-notify -P "$T/client-state" -H "$T/told" -n client1 &
until rpcinfo -T udp 127.0.0.1 status 1; do sleep 0.05; done
"$TEST_DIR/nsm.py" mon 10.99.0.101 && : >"$T/client.up"
wait
E2
# shellcheck disable=SC2016 # variables of that script
printf '#!/bin/sh\n[ "$1" != sm-notify ] || echo "$2 $3 $4" >>"%s/heard"\n' "$T" >"$T/told"
: >"$T/heard"
chmod 666 "$T/heard"
chmod 755 "$T/told" "$T/client"
export TEST_DIR
unshare -n -m --propagation private --kill-child -f "$T/client" &
host=$!
remember "$host"
wait_for 'there is the client host' pgrep -P "$host"
ip link set to-server netns "$(pgrep -P "$host")"
wait_for 'the client monitors us' test -e "$T/client.up"
own_syslog

echo '10.99.0.101 10.99.0.9' >"$T/list"
expect 'one client is reached' notify --state 1730000001 --name server1.example --name server1 <"$T/list"
wait_for 'statd has told under three names' grep -q '^server1 ' "$T/heard"
equal 'what it heard' '10.99.0.101 10.99.0.101 1730000001,server1.example 10.99.0.101 1730000001,server1 10.99.0.101 1730000001,' \
	"$(tr '\n' ',' <"$T/heard")"

# IPv6, while our address is still looked at for duplicates.
: >"$T/heard"
ip addr add fd00::101/64 dev to-client
echo 'fd00::101 fd00::9' >"$T/list"
expect 'a client is reached over IPv6' notify --state 1730000003 <"$T/list"
# statd has answered, and now calls the client's lock manager, once: a datagram, which a loaded machine may lose.
heard()
{
	test -s "$T/heard" || {
		notify --state 1730000003 <"$T/list" >/dev/null && test -s "$T/heard"
	}
}
wait_for 'statd heard' heard
equal 'what it heard' 'fd00::101 fd00::101 1730000003' "$(cat "$T/heard")"

# The helper, with a shared directory, by its own sender and by Debian's sm-notify. That wants a name for the address.
mkdir -p "$T/scripts" "$T/sm" "$T/sm.bak"
chown statd "$T/sm"
echo 10.99.0.101 >"$T/scripts/my-public-ip-addresses"
printf '127.0.0.1 localhost\n10.99.0.101 nas.example nas\n' >"$T/hosts"
mount --bind "$T/hosts" /etc/hosts
export CTDB_SCRIPT_VARDIR="$T/scripts" CTDB_STATD_CALLOUT_STATE_DIR="$T/kept" CTDB_STATD_CALLOUT_SM_DIR="$T/sm" \
	CTDB_STATD_CALLOUT_SHARED_STORAGE="shared_dir:$T/shared" NFS_HOSTNAME=nas.example
expect 'startup' "$BIN_DIR/statd_callout_helper" startup
for CTDB_STATD_CALLOUT_NOTIFY in native sm-notify; do
	export CTDB_STATD_CALLOUT_NOTIFY
	: >"$T/heard"
	expect 'a client registers' "$BIN_DIR/statd_callout" add-client 10.99.0.9 me
	expect 'the address arrives' "$BIN_DIR/statd_callout_helper" takeip 10.99.0.101
	expect 'its clients are notified' "$BIN_DIR/statd_callout_helper" notify
	wait_for "the client heard it ($CTDB_STATD_CALLOUT_NOTIFY)" grep -q '^nas 10.99.0.101 ' "$T/heard"
	expect 'by the whole name, too' grep -q '^nas.example 10.99.0.101 ' "$T/heard"
	expect 'the state is odd' grep -qE '[13579]$' "$T/heard"
	equal 'its record is gone' '' "$(list_records "$T/shared")"
done

# What is missing.
refuse 'an address that is not ours is no sender' sh -c "echo 10.99.0.77 10.99.0.9 | '$BIN_DIR/statd-notify' --state 1 --deadline 300ms"
equal 'says why' 'unreached 10.99.0.77 10.99.0.9 our address is not there' "$(cat "$T/daemon/last")"
refuse 'a client without rpcbind is reached' sh -c "echo 10.99.0.101 10.99.0.55 | '$BIN_DIR/statd-notify' --state 1 --deadline 300ms"
equal 'says why' 'unreached 10.99.0.101 10.99.0.55 rpcbind does not answer or knows no statd' "$(cat "$T/daemon/last")"
refuse 'nonsense is taken for a list' sh -c "echo a b c | '$BIN_DIR/statd-notify' --state 1"

# Many.
"$TEST_DIR/nsm_clients.py" $(seq -f '127.7.0.%g' 1 100) >"$T/many" 2>&1 &
remember $!
wait_for 'the clients are there' grep -q ready "$T/many"
for i in $(seq 1 100); do
	echo "10.99.0.101 127.7.0.$i"
done >"$T/list"
for i in 1 2 3 4 5 6 7 8 9; do
	seq -f "10.99.0.101 127.8.$i.%g" 1 100
done >>"$T/list"
ip addr add 127.9.9.9/8 dev lo 2>/dev/null || :
code=0
sed -i 's/^10.99.0.101/127.9.9.9/' "$T/list"
notify --state 1730000005 --name server1 --deadline 5s <"$T/list" >"$T/outcomes" || code=$?
equal 'its exit code' 1 "$code"
equal 'the living are reached' 900 "$(grep -c '^reached 127.9.9.9 127.8.' "$T/outcomes")"
equal 'the dead are not' 100 "$(grep -c '^unreached 127.9.9.9 127.7.0.' "$T/outcomes")"
equal 'each living one heard both names' 1800 "$(grep -c ' 1730000005 ' "$T/many")"
awk '$1 == "reached" { sub("ms", "", $4); if ($4 + 0 > last) last = $4 + 0 } END { print "the last living one was reached after " last " ms" }' \
	"$T/outcomes"
# No dead one is waited for: whoever answers is done long before the deadline.
# shellcheck disable=SC2016 # fields of awk
expect 'the living do not wait for the dead' awk '$1 == "reached" { sub("ms", "", $4); if ($4 + 0 >= 5000) exit 1 }' "$T/outcomes"

# CTDB's formatter.
helper=$BIN_DIR/ctdb_smnotify_helper
equal 'a monitor record' '0100007f 000186b5 00000004 00000010 00000000000000000000000000000000 10.0.0.9 fd00::1' \
	"$("$helper" monitor 10.0.0.9 fd00::1)"
equal 'a state' '17' "$("$helper" state 17 | od -An -td4 | tr -d ' ')"
refuse 'it takes anything else' "$helper" monitor 10.0.0.9
