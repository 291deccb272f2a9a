#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Where there are no controllers to bound it with, or no cgroups at all, whoever asks for limits of its cgroup starts all the same;
# each limit is named once in the log, and always in the record; and nobody claims to know who ran out of memory.
# test: asan
. "$(dirname "$0")/lib.sh"

need_root
for name in one two; do
	service $name <<E
[service]
command = ["sleep", "1000"]
[service.cgroup]
memory_max = "64MiB"
pids_max = 10
E
done

# judge REASON-PATTERN: starts the daemon and looks.
judge()
{
	: >"$LOG"
	start_daemon
	for _name in one two; do
		wait_for "$_name is ready" service_is $_name ready
		equal "what $_name does without" cgroup "$(field $_name '.reduced | join(" ")')"
		equal "what is on record of it" cgroup "$(api GET "/v1/runs?name=$_name&kind=service" | jq -r '.runs[0].reduced | join(" ")')"
	done
	ctl status one >"$T/said"
	expect 'status tells' grep -q '^  does without  *cgroup$' "$T/said"
	equal 'the system says so' '[]' "$(api GET /v1/system | jq -c .cgroup_controllers)"
	ctl doctor --json >"$T/doctor" || :
	equal 'so does doctor' 'cgroup_cpu cgroup_io cgroup_memory cgroup_pids' "$(jq -r '[.abilities[] | select(.has == false) | .name |
		select(IN("cgroup_cpu", "cgroup_io", "cgroup_memory", "cgroup_pids"))] | join(" ")' "$T/doctor")"
	equal 'each limit is named once' "$1" "$(grep -o 'limit of cgroups cannot be had.*limit=[^ ]*' "$LOG" | sed 's/.*limit=//' | sort | xargs)"
	expect 'with the reason' grep -q "a limit of cgroups cannot be had.*reason=.*$2" "$LOG"
	equal 'nobody knows of memory' 'signaled null null cgroup' "$(
		# shellcheck disable=SC2016 # expanded by the inner shell
		run_to_end '{"command": ["sh", "-c", "kill -KILL $$"], "cgroup": {"memory_max_bytes": 67108864}}' |
			jq -r '"\(.outcome) \(.oom) \(.oom_limit_bytes) \(.reduced | join(" "))"'
	)"
	ctl run --id "$3" --cgroup pids_max=5 true
	ctl show "$3" >"$T/said"
	expect 'show tells what was asked for' grep -q '^  cgroup  *pids_max=5$' "$T/said"
	expect 'and what it did not get' grep -q '^  refused  *cgroup$' "$T/said"
	stop_daemon
}

# The daemon shares its cgroup with this script, or the host has no controllers for version 2.
[ -z "$CGROUP" ] || judge 'memory.max pids.max' '\(other processes are in\|has no controllers\|does not have it\)' shared

awk '$3 == "cgroup2" { print $2 }' /proc/mounts >"$T/mounts"
mkdir "$T/nothing"
while read -r mount; do
	mount --bind "$T/nothing" "$mount"
done <"$T/mounts"
judge all '\(no cgroup v2\|No such file\)' none
