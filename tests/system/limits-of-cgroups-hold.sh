#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Where the kernel has the controllers, the limits of [service.cgroup] and of a run hold for all its processes together; who was
# killed for lack of memory is told, by which limit too, though the manager was killed meanwhile; a cgroup with limits serves
# nobody else. The daemon itself goes first, and takes its cgroups away at the end. Core dumps are told likewise.
# test: timeout=240
. "$(dirname "$0")/lib-kernel.sh"
. "$(dirname "$0")/lib.sh"

need_root
# The daemon is alone in its cgroup, as below a service manager.
root=/sys/fs/cgroup
for controller in cpu io memory pids; do
	echo "+$controller" >$root/cgroup.subtree_control
done
unit=$root/unit
mkdir "$unit"
# tail keeps what has no end of line, and /dev/zero has none.
service eater <<E
[service]
command = ["tail", "/dev/zero"]
[service.cgroup]
memory_max = "32MiB"
memory_swap_max = "0B"
[service.restart]
policy = "never"
E
sh -c 'echo 0 >"$1/cgroup.procs"; shift; exec "$@"' sh "$unit" "$BIN_DIR/ctdb-processd" --foreground --config-dir "$CONFIG" \
	--state-dir "$STATE" --runtime-dir "$RUNTIME" >>"$LOG" 2>&1 </dev/null &
KEEPER=$!
wait_for 'the API answers, or the daemon has ended' answered_or_gone

equal 'what there is' 'cpu io memory pids' "$(api GET /v1/system | jq -r '.cgroup_controllers | sort | join(" ")')"
ctl doctor --json >"$T/doctor" || :
equal 'doctor knows them' 'cgroup_cpu cgroup_io cgroup_memory cgroup_pids' "$(jq -r '[.abilities[] | select(.has == true) | .name |
	select(IN("cgroup_cpu", "cgroup_io", "cgroup_memory", "cgroup_pids"))] | join(" ")' "$T/doctor")"
equal 'the daemon is beside its children' "$(api GET /v1/system | jq -r .cgroup).daemon" "$root$(sed -n 's/^0:://p' "/proc/$KEEPER/cgroup")"

# A service.
wait_for 'the service has failed' service_is eater failed
equal 'why' 'its process was killed by SIGKILL: out of memory (limit 32 MiB), and its restart policy is never' "$(field eater .reason)"
equal 'and in values' 'signaled SIGKILL true 33554432 false' \
	"$(field eater '"\(.last.outcome) \(.last.signal) \(.last.oom) \(.last.oom_limit_bytes) \(.last.core)"')"
ctl status eater >"$T/said" || :
expect 'status says it' grep -q 'killed by SIGKILL: out of memory (limit 32 MiB)' "$T/said"

# A run: its main process; one of its workers; none.
eat_in()
{
	run_to_end "{\"command\": $1, \"cgroup\": {\"memory_max_bytes\": 16777216, \"memory_swap_max_bytes\": 0}}" |
		jq -r '"\(.outcome) \(.code) \(.signal) \(.oom) \(.oom_limit_bytes) \(.reduced | length)"'
}
equal 'a run' 'signaled null SIGKILL true 16777216 0' "$(eat_in '["tail", "/dev/zero"]')"
equal 'a worker' 'exited 3 null true 16777216 0' "$(eat_in '["sh", "-c", "tail /dev/zero; exit 3"]')"
equal 'none' 'exited 0 null false null 0' "$(eat_in '["true"]')"
code=0
ctl run --id eats --cgroup memory_max=16MiB --cgroup memory_swap_max=0B tail /dev/zero 2>"$T/said" || code=$?
equal 'the code of processctl' 137 "$code"
expect 'its words' grep -qx 'processctl: run eats killed by SIGKILL: out of memory (limit 16 MiB)' "$T/said"
ctl show eats >"$T/said"
expect 'show says it' grep -q '^run eats: killed by SIGKILL: out of memory (limit 16 MiB)$' "$T/said"
expect 'and its limits' grep -q '^  cgroup  *memory_max=16MiB, memory_swap_max=0B$' "$T/said"
ctl runs -n 1 >"$T/said"
expect 'the list says it' grep -q 'SIGKILL, OOM' "$T/said"
# What follows reads of its own cgroup, in the shell that runs there.
# shellcheck disable=SC2016
in_own='cd "/sys/fs/cgroup/$(cut -d : -f 3 /proc/self/cgroup)"'
# Nobody gets the cgroup of one that was killed, or had limits.
for _ in 1 2; do
	equal 'another run' 'exited false max' "$(
		run_to_end "$(jq -n --arg script "$in_own; cat memory.max" '{command: ["sh", "-c", $script]}')" |
			jq -r '"\(.outcome) \(.oom) \(.tail[].text)"'
	)"
done

# A manager that is killed meanwhile loses none of it.
mkfifo "$T/go"
api POST /v1/runs "{\"command\": [\"sh\", \"-c\", \"read x <$T/go; tail /dev/zero\"],
	\"cgroup\": {\"memory_max_bytes\": 16777216, \"memory_swap_max_bytes\": 0}}" | jq -r .id >"$T/id"
kill -KILL "$(manager_pid)"
echo go >"$T/go"
# Has the run ended, as another manager tells?
ended()
{
	[ "$(api GET "/v1/runs/$(cat "$T/id")" | jq -r .state)" = ended ]
}
wait_for 'the run ends' ended
equal 'what is told of it' 'exited 137 true 16777216' \
	"$(api GET "/v1/runs/$(cat "$T/id")" | jq -r '"\(.outcome) \(.code) \(.oom) \(.oom_limit_bytes)"')"

# The other limits.
equal 'processes' 'sh: 0: Cannot fork' "$(ctl run --cgroup pids_max=2 sh -c 'sleep 5 & sleep 5 & sleep 5 &' 2>&1 | grep fork)"
equal 'processors' '50000 100000 300' "$(ctl run --cgroup cpu_max=50% --cgroup cpu_weight=300 sh -c "$in_own; cat cpu.max cpu.weight" | xargs)"
equal 'the daemon goes first' 932 "$(cat "$unit"/*.daemon/cpu.weight)"
equal 'memory' '1048576 2097152 max 1' "$(ctl run --cgroup memory_low=1MiB --cgroup memory_high=2MiB --cgroup memory.oom.group=1 \
	sh -c "$in_own; cat memory.low memory.high memory.max memory.oom.group" | xargs)"
# What the kernel refuses, and what it does not know.
run=$(run_to_end '{"command": ["true"], "cgroup": {"other": {"io.max": "nonsense"}}}')
equal 'nonsense' 'spawn_failed cgroup:io.max 22' "$(printf %s "$run" | jq -r '"\(.outcome) \(.stage) \(.errno)"')"
run=$(run_to_end '{"command": ["true"], "cgroup": {"other": {"io.nosuchfile": "1"}}}')
equal 'a file that is not there' 'exited cgroup' "$(printf %s "$run" | jq -r '"\(.outcome) \(.reduced | join(" "))"')"
expect 'is told' grep -q 'limit=io.nosuchfile reason="the kernel has no such file"' "$LOG"

# Core dumps: this kernel writes a file.
echo core >/proc/sys/kernel/core_pattern
mkdir "$T/cores"
dump()
{
	run_to_end "{\"command\": [\"sh\", \"-c\", \"kill -SEGV \$\$\"], \"cwd\": \"$T/cores\", \"limits\": {\"core\": $1}}" |
		jq -r '"\(.outcome) \(.signal) \(.core)"'
}
equal 'no core dump' 'signaled SIGSEGV false' "$(dump 0)"
equal 'a core dump' 'signaled SIGSEGV true' "$(dump '"unlimited"')"
ctl runs -n 1 >"$T/said"
expect 'the list says it' grep -q 'SIGSEGV, core' "$T/said"

stop_daemon
equal 'nothing is left of its cgroups' "$unit" "$(find "$unit" -type d)"
