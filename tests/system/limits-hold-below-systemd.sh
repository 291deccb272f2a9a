#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Below systemd, which delegates (Delegate=yes), the daemon has the controllers for its children: limits hold, and who ran out of
# memory is told. So it is again after its death, and its unit leaves no cgroup behind when it is stopped.
# test: long timeout=300
. "$(dirname "$0")/lib-kernel.sh"
. "$(dirname "$0")/lib.sh"
need_root
. "$TEST_DIR/lib-machine.sh"

for controller in cpu io memory pids; do
	echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done
# insmod(8) is in a package of its own.
python3 -c 'import ctypes, os, sys
sys.exit(ctypes.CDLL(None).syscall(313, os.open(sys.argv[1], os.O_RDONLY), b"", 0) != 0)' \
	"/usr/lib/uml/modules/$(uname -r)/kernel/fs/overlayfs/overlay.ko" || skip 'overlay file systems are not to be had'
make_machine
# As ours, with the programs where they were built.
sed "s|^ExecStart=.*|ExecStart=$BIN_DIR/ctdb-processd --foreground --config-dir $CONFIG --state-dir $STATE --runtime-dir $RUNTIME|; \
	s|^ExecReload=.*||; s|^ExecStop=.*||; s|^RestartSec=.*|RestartSec=100ms|" \
	"$TEST_DIR/../../packaging/ctdb-processd.service" >"$MACHINE/etc/systemd/system/ctdb-processd.service"
# Nobody but systemd may be in its root, so we begin it from there, and leave.
root=/sys/fs/cgroup/machine
mkdir "$root"
echo $$ >"$root/cgroup.procs"
boot_machine
echo $$ >"$CGROUP/cgroup.procs"
echo "$_outer" >"$CGROUP/cgroup.procs"
unit=$root/system.slice/ctdb-processd.service

# judge: the run of a command that eats memory says so.
judge()
{
	wait_for 'the API answers' api GET /v1/system
	equal 'the keeper is beside its children' "$(api GET /v1/system | jq -r .cgroup).daemon" \
		"/sys/fs/cgroup$(inside sed -n 's/^0:://p' "/proc/$(inside systemctl show -P MainPID ctdb-processd)/cgroup")"
	equal 'a run that eats memory' 'signaled true 16777216' "$(
		run_to_end '{"command": ["tail", "/dev/zero"], "cgroup": {"memory_max_bytes": 16777216, "memory_swap_max_bytes": 0}}' |
			jq -r '"\(.outcome) \(.oom) \(.oom_limit_bytes)"'
	)"
}
expect 'the unit starts' inside systemctl start ctdb-processd
judge
first=$(inside systemctl show -P MainPID ctdb-processd)
inside kill -KILL "$first"
restarted()
{
	[ "$(inside systemctl show -P MainPID ctdb-processd)" != "$first" ] && inside systemctl is-active --quiet ctdb-processd
}
wait_for 'systemd starts it again' restarted
judge
expect 'the unit stops' inside systemctl stop ctdb-processd
refuse 'a cgroup is left' test -e "$unit"
