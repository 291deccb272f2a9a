#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Debian's rpcbind and rpc.statd under their examples as they are: ready in order; statd goes down before rpcbind and comes
# back after it, registered again; killed ones come back; a stop leaves nothing.
# test: asan
. "$(dirname "$0")/lib.sh"

need_root
need rpcbind rpc.statd rpcinfo
examples=$TEST_DIR/../../examples
mount -t tmpfs run /run
mkdir -p "$T/nfs/sm" "$T/nfs/sm.bak"
chown -R statd:nogroup "$T/nfs"
mount --bind "$T/nfs" /var/lib/nfs
cp "$examples/rpcbind.toml" "$examples/rpc-statd.toml" "$CONFIG/"

registered()
{
	rpcinfo -T udp 127.0.0.1 status 1
}

start_daemon
wait_for 'rpc.statd is ready' service_is rpc-statd ready
expect 'it is registered' registered
equal 'rpcbind' ready "$(field rpcbind .state)"
# shellcheck disable=SC2016 # variables of jq
expect 'rpcbind was ready before it was started' \
	jq -en --arg b "$(field rpcbind .ready_since)" --arg s "$(field rpc-statd .main.started)" '$b <= $s'

# A restart of rpcbind takes statd along.
rpcbind=$(field rpcbind .main.pid) statd=$(field rpc-statd .main.pid)
expect 'rpcbind restarts' ctl restart rpcbind
wait_for 'rpc.statd is back' service_is_new rpc-statd "$statd"
expect 'rpcbind is another' service_is_new rpcbind "$rpcbind"
expect 'it is registered again' registered

# So does its stop; a start of statd brings rpcbind up.
expect 'rpcbind stops' ctl stop rpcbind
equal 'both are down' 'stopped stopped' "$(field rpcbind .state) $(field rpc-statd .state)"
refuse 'something of them is left' pgrep -x 'rpcbind|rpc.statd'
expect 'rpc.statd starts' ctl start rpc-statd
equal 'both are up' 'ready ready' "$(field rpcbind .state) $(field rpc-statd .state)"
expect 'it is registered' registered

# Killed.
statd=$(field rpc-statd .main.pid)
kill -KILL "$statd"
wait_for 'rpc.statd is back' service_is_new rpc-statd "$statd"
expect 'it is registered' registered
rpcbind=$(field rpcbind .main.pid) statd=$(field rpc-statd .main.pid)
kill -KILL "$rpcbind"
wait_for 'rpcbind is back' service_is_new rpcbind "$rpcbind"
wait_for 'rpc.statd is back, too' service_is_new rpc-statd "$statd"
expect 'it is registered with the new one' registered
stop_daemon
refuse 'something of them is left' pgrep -x 'rpcbind|rpc.statd'
