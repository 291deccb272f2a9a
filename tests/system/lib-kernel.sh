# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib-kernel.sh: sourced before lib.sh by tests of what not every host has, as the controllers of cgroup v2: such a test runs in a
# kernel of its own (user-mode Linux, from Debian's package of this name), with the host's files, read-only. There it is an
# ordinary test, which may do to that kernel what it likes. It is skipped where no such kernel comes up.
if [ -z "${IN_KERNEL:-}" ]; then
	for _command in linux.uml unshare timeout; do
		command -v "$_command" >/dev/null || {
			echo "skipped: needs $_command"
			exit 77
		}
	done
	if [ "$(id -u)" != 0 ]; then
		echo 'skipped: needs root'
		exit 77
	fi
	_work=$(mktemp -d)
	trap 'rm -rf "$_work"' EXIT
	trap 'exit 143' TERM HUP INT
	cat >"$_work/init" <<E
#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs -o mode=1777 tmp /mnt
mount -t cgroup2 cgroup /sys/fs/cgroup
ip link set lo up
cd '$PWD' || exit 1
echo 'kernel: begins'
IN_KERNEL=1 TMPDIR=/mnt BIN_DIR='$(cd "${BIN_DIR:?directory of the built programs}" && pwd)' '$(cd "$(dirname "$0")" && pwd)/${0##*/}' >/mnt/said 2>&1
code=\$?
cat /mnt/said
echo "kernel: ends with \$code"
echo o >/proc/sysrq-trigger
sleep 60
E
	chmod 755 "$_work/init"
	# Its memory is a file, which grows as it is used.
	TMPDIR=$_work unshare -p -f --kill-child timeout -k 5 220 linux.uml mem=512M uml_dir="$_work/" root=none rootfstype=hostfs \
		rootflags=/ ro quiet init="$_work/init" con=null con0=null,fd:1 con1=null ssl=null </dev/null >"$_work/out" 2>&1 || :
	tr -d '\r' <"$_work/out" >"$_work/plain"
	grep -q '^kernel: begins' "$_work/plain" || {
		tail -n 5 "$_work/plain"
		echo 'skipped: a kernel of its own does not come up here'
		exit 77
	}
	sed '1,/^kernel: begins/d; /^kernel: ends/,$d' "$_work/plain"
	_code=$(sed -n 's/^kernel: ends with //p' "$_work/plain")
	if [ -z "$_code" ]; then
		echo 'FAILED: the kernel did not come to an end' >&2
		_code=1
	fi
	exit "$_code"
fi
