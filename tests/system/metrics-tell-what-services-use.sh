#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Processor time, memory, descriptors and processes of a service are those of all its processes: with cgroups also of one that
# has left its parents and its session, without them of those that have not. Processor time that was told is not taken back
# when processes end without being waited for, or the service does.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-metrics.sh"
need_root

# A tree of four: the shell, a child that keeps 20 descriptors open, an orphan in the session, and one that has left it.
cat >"$T/tree" <<'E'
trap '' CHLD
(i=0; while [ $i -lt 60000 ]; do i=$((i + 1)); done) # uses the processor; nobody waits for it
bash -c 'for fd in {10..29}; do eval "exec $fd</dev/null"; done; exec sleep 1000' &
(sleep 1000 &)
(setsid sleep 1000 &)
sleep 0.2
echo up
while :; do read -r _ <"$1"; done
E
mkfifo "$T/wait"
service tree <<E
[service]
command = ["bash", "$T/tree", "$T/wait"]
[service.ready]
output = "up"
E

# Whoever opens a pipe that nobody writes waits: so does the thread that reads what services use, and nobody else.
hang()
{
	group=$(cat "$T/mounts")$(sed -n 's/^0:://p' "/proc/$(field tree .main.pid)/cgroup")
	mkfifo "$T/hang"
	mount --bind "$T/hang" "$group/cpu.stat"
	used=$(sample 'processd_service_cpu_seconds_total{service="tree"}')
	look "$T/metrics"
	is 'processd_usage_read' 0
	is 'processd_service_cpu_seconds_total{service="tree"}' "$used"
	refuse 'something is told that was not read' grep 'processd_service_processes{' "$T/metrics"
	equal 'others are served' ready "$(field tree .state)"
	umount -l "$group/cpu.stat"
	: >"$T/hang"
	wait_for 'it is read again' read_again
}
read_again()
{
	look "$T/metrics" && grep -qx 'processd_usage_read 1' "$T/metrics"
}

# uses PROCESSES: the tree is seen, and what it has used stays after its end.
uses()
{
	start_daemon
	wait_for 'the service is ready' service_is tree ready
	equal 'the proof' "$proof" "$(api GET /v1/system | jq -r .proof)"
	look "$T/metrics"
	is 'processd_usage_read' 1
	is 'processd_service_processes{service="tree"}' "$1"
	expect 'descriptors' [ "$(sample 'processd_service_open_fds{service="tree"}')" -ge 25 ]
	expect 'memory' [ "$(sample 'processd_service_resident_memory_bytes{service="tree"}')" -gt 1000000 ]
	[ "$proof" != cgroup ] || hang
	look "$T/before"
	api POST '/v1/services/tree/stop?wait=30s' >/dev/null
	look "$T/after"
	grown "$T/before" "$T/after"
	refuse 'there are processes of what is stopped' grep 'processd_service_processes{service="tree"}' "$T/after"
	kill -KILL "$(manager_pid)"
	wait_for 'another manager counts' look "$T/after"
	grown "$T/before" "$T/after"
	stop_daemon
}

awk '$3 == "cgroup2" { print $2 }' /proc/mounts >"$T/mounts"
if [ -n "$CGROUP" ]; then
	proof=cgroup
	uses 4
fi
mkdir "$T/nothing"
while read -r mount; do
	mount --bind "$T/nothing" "$mount"
done <"$T/mounts"
proof=sweep
uses 3
