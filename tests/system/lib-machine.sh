#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib-machine.sh: sourced after lib.sh by tests that need a whole Debian with systemd: a copy of this one that may be
# installed to and broken. Its root is an overlay over ours, kept in memory; systemd is process 1 of its own namespaces, in
# the test's cgroup, and starts nothing but what the test tells it to. What stays on the real machine is nothing.
#
#             boot_machine        starts it; skips the test where that cannot be
#             inside COMMAND…     runs a command in it, in /; $T is at the same path there
#             MACHINE             the path of its root, to put files there before it boots and look at them later
MACHINE=$T/machine/root
INIT=

# Run by boot_machine with all namespaces but the user's made: the rest of what a container manager does.
if [ "${1:-}" = --boot ]; then
	cd "$MACHINE" || exit
	mount -t proc proc proc
	mount --bind proc/sys proc/sys
	mount -o remount,bind,ro proc/sys # systemd sets limits of the whole kernel there
	mount -t sysfs -o ro sysfs sys
	mount -t tmpfs none sys/fs/cgroup
	mount -t cgroup2 none sys/fs/cgroup
	mount -t tmpfs none run
	mount -t tmpfs none tmp
	mount -t tmpfs none dev
	mkdir dev/shm dev/pts
	for _device in null zero full random urandom tty; do
		: >"dev/$_device"
		mount --bind "/dev/$_device" "dev/$_device"
	done
	mount -t devpts -o newinstance,ptmxmode=666 none dev/pts
	ln -s pts/ptmx dev/ptmx
	ln -s /proc/self/fd dev/fd
	mkdir -p ".$T"
	mount --bind "$T" ".$T"
	pivot_root . mnt
	umount -l /mnt
	ip link set lo up
	exec env -i container=test PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --system --unit=test.target --log-target=console \
		--log-level=notice --show-status=no </dev/null >>"$T/machine.log" 2>&1
fi

# In place of lib.sh's: what the machine has to say when a test fails.
show_logs()
{
	[ -e "$T/machine.log" ] || return 0
	echo "--- the machine's console and journal"
	tail -n 50 "$T/machine.log"
	inside journalctl -q --no-pager -n 100 -o cat
}

make_machine()
{
	mkdir -p "$T/machine"
	mount -t tmpfs none "$T/machine"
	mkdir "$T/machine/upper" "$T/machine/work" "$MACHINE"
	mount -t overlay -o "lowerdir=/,upperdir=$T/machine/upper,workdir=$T/machine/work" none "$MACHINE" ||
		skip 'overlay file systems are not to be had'
	rm -rf "$MACHINE"/etc/systemd/system/*.wants
	printf '[Unit]\nDefaultDependencies=no\n' >"$MACHINE/etc/systemd/system/test.target"
}

boot_machine()
{
	[ -d "$MACHINE" ] || make_machine
	[ -n "$CGROUP" ] || skip 'there is no cgroup v2 to be had'
	[ -x /lib/systemd/systemd ] || skip 'systemd is not installed'
	unshare -m -p -n -u -i -C -f --propagation private --kill-child "$TEST_DIR/${0##*/}" --boot &
	_outer=$!
	wait_for 'systemd is there' find_init
	wait_for 'systemd has booted' inside systemctl is-active --quiet test.target
}

# Sets INIT, the pid of the machine's process 1.
find_init()
{
	INIT=$(list_descendants "$_outer" | head -n 1)
	[ "$(cat "/proc/$INIT/comm")" = systemd ]
}

inside()
{
	nsenter -t "$INIT" -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"
}
