# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib-nfs.sh: rpcbind and rpc.statd with a callout, sourced after lib.sh by tests of NFSv3's lock recovery.
#
# start_statd CALLOUT   rpcbind, then rpc.statd -H CALLOUT with its files in $T/sm-state; ready when it is registered. What
#                       the callout says to syslog is in $T/syslog
# nsm ARG…              tests/system/nsm.py: what a lock manager says to statd
# list_records DIR      the names in a directory of records, sorted; files that begin with a dot are none

# A /dev of our own, as a socket in the host's is not ours to make.
own_dev()
{
	mkdir -p "$T/dev"
	mount -t tmpfs dev "$T/dev"
	for _device in null zero full random urandom tty; do
		: >"$T/dev/$_device"
		mount --bind "/dev/$_device" "$T/dev/$_device"
	done
	ln -s /proc/self/fd "$T/dev/fd"
	ln -s /proc/self/fd/2 "$T/dev/stderr"
	mount --rbind "$T/dev" /dev
}

own_syslog()
{
	own_dev
	python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
os.chmod("/dev/log", 0o666)
while True:
    print(s.recv(65536).decode(errors="replace"), flush=True)' >"$T/syslog" &
	remember $!
	wait_for 'there is a syslog socket' test -S /dev/log
}

start_statd()
{
	mount -t tmpfs run /run
	mkdir -p /run/rpcbind "$T/sm-state/sm" "$T/sm-state/sm.bak"
	chown -R statd:nogroup "$T/sm-state"
	own_syslog
	rpcbind -f -w >"$T/rpcbind.log" 2>&1 &
	remember $!
	wait_for 'rpcbind answers' rpcinfo -p 127.0.0.1
	rpc.statd -F --no-notify -P "$T/sm-state" -H "$1" -n server1 >"$T/statd.log" 2>&1 &
	remember $!
	wait_for 'rpc.statd is registered for UDP' rpcinfo -T udp 127.0.0.1 status 1
	wait_for 'rpc.statd is registered for TCP' rpcinfo -T tcp 127.0.0.1 status 1
}

nsm()
{
	"$TEST_DIR/nsm.py" "$@"
}

list_records()
{
	(cd "$1" && find . -type f -name 'statd-state@*' | sed 's|^\./||' | sort)
}
