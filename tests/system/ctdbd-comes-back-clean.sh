#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Debian's ctdbd in its usual places under examples/ctdbd.toml as it is: ready by runstate; killed, it is started again not
# sooner than 5 s later, after its public address was taken off; stopped by "ctdb shutdown" it leaves nothing.
# test: long timeout=300
. "$(dirname "$0")/lib.sh"

need_root
need ctdbd ctdb ip ethtool jq
export WAIT=90
examples=$TEST_DIR/../../examples

# A node of its own in this mount namespace.
mkdir -p "$T/etc" "$T/var/volatile" "$T/var/persistent" "$T/var/state" "$T/var/scripts" "$T/libexec/ctdb-processd"
cp -a /etc/ctdb/. "$T/etc/"
cp -a /usr/libexec/ctdb "$T/libexec/"
cp "$examples/ctdbd-clean" "$T/libexec/ctdb-processd/"
mount --bind "$T/etc" /etc/ctdb
mount --bind "$T/var" /var/lib/ctdb
mount --bind "$T/libexec" /usr/libexec
mount -t tmpfs run /run
ip link add eth0 type veth peer name peer0 || skip 'needs veth'
ip link set eth0 up
ip link set peer0 up
ip addr add 10.98.0.1/24 dev eth0
echo 10.98.0.1 >/etc/ctdb/nodes
echo '10.99.0.101/24 eth0' >/etc/ctdb/public_addresses
printf 'MonitorInterval=1\n' >/etc/ctdb/ctdb.tunables
cat >/etc/ctdb/ctdb.conf <<E
[logging]
  log level = NOTICE
[cluster]
  cluster lock = $T/cluster.lock
  leader timeout = 2
[legacy]
  realtime scheduling = false
E
for script in 00.ctdb 10.interface; do
	ln -sf "/usr/share/ctdb/events/legacy/$script.script" "/etc/ctdb/events/legacy/$script.script"
done

has_address()
{
	ip -4 -o addr show dev eth0 | grep -qF 10.99.0.101/
}

cp "$examples/ctdbd.toml" "$CONFIG/"
expect 'the example is right' "$BIN_DIR/ctdb-processd" --check --config-dir "$CONFIG"
start_daemon
wait_for 'ctdbd is ready' service_is ctdbd ready
equal 'its run state' RUNNING "$(ctdb runstate)"
wait_for 'the public address is up' has_address
pid=$(field ctdbd .main.pid)
equal 'its directory of sockets' ctdbd.pid "$(cd /run/ctdb && echo ctdbd.pid*)"
equal 'the only thing it may have less of' '' \
	"$(api GET '/v1/runs?name=ctdbd&kind=service' | jq -r '.runs[0].reduced - ["limits", "nice", "oom_score_adj"] | join(" ")')"

# Killed: its address is left, and would be answered twice if another node had taken it.
kill -KILL "$pid"
wait_for 'ctdbd waits' service_is ctdbd backoff
expect 'the killed ctdbd left its address' has_address
wait_for 'ctdbd is ready again' service_is_new ctdbd "$pid"
wait_for 'the public address is back' has_address
api GET '/v1/runs?name=ctdbd&limit=200' >"$T/runs"
jq -e 'def us: (.[0:19] + "Z" | fromdate) * 1000000 + (.[20:26] | tonumber);
	[.runs[] | select(.kind == "service")] | sort_by(.created) | length == 2 and
	(.[1].started | us) - (.[0].ended | us) >= 5000000' "$T/runs" >/dev/null ||
	fail "not two runs with 5 s between: $(jq -c '.runs[] | select(.kind == "service") | {started, ended}' "$T/runs")"
clean=$(jq -r '[.runs[] | select(.kind == "pre_start")] | sort_by(.created) | last.id' "$T/runs")
equal 'ctdbd-clean took the address off' 'exited 0 true' \
	"$(api GET "/v1/runs/$clean" | jq -r '"\(.outcome) \(.code) \([.tail[].text] | join("") | test("10.99.0.101"))"')"

# Stopped as it likes to be.
pid=$(field ctdbd .main.pid)
expect 'ctdbd stops' ctl stop ctdbd
equal 'its stop command' 'exited 0' "$(api GET '/v1/runs?name=ctdbd&kind=stop' | jq -r '.runs[0] | "\(.outcome) \(.code)"')"
equal 'its end' 'exited 0' "$(field ctdbd '"\(.last.outcome) \(.last.code)"')"
expect 'ctdbd is gone' gone "$pid"
refuse 'its address is left' has_address
refuse 'its runtime directory is left' test -e /run/ctdb
refuse 'an event daemon is left' pgrep -x ctdb-eventd
stop_daemon
