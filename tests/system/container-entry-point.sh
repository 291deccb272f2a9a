#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# As entry point of a container, --init: process 1 is a stub, the keeper below it, also without --init. What loses its parents is
# reaped at once; SIGTERM to process 1, from inside and from outside, stops in order and ends with 0; a keeper that dies ends the
# stub with its code, and a stub that dies ends everything; nothing is ever left.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-container.sh"

need_root
need nsenter
service leaf <<'E'
[service]
command = ["sh", "-c", "setsid sleep 1001 & exec sleep 1000"]
E

service front <<'E'
[service]
command = ["sleep", "1000"]
after = ["leaf"]
E

# In order, from inside and from outside.
start_container --init
equal 'process 1' processd-init "$(inside cat /proc/1/comm)"
keeper=$(in_container .keeper.pid)
equal 'the parent of the keeper' 1 "$(inside ps -o ppid= -p "$keeper" | xargs)"
equal 'the parent of the service' "$keeper" "$(inside ps -o ppid= -p "$(field leaf .main.pid)" | xargs)"
equal 'the keeper leads a session of its own' "$keeper" "$(inside ps -o sid= -p "$keeper" | xargs)"
orphans_are_reaped
orphans_of_guests_are_reaped
inside kill -TERM 1
container_ends 0
expect 'it was told to stop once' test 1 = "$(grep -c 'told to stop' "$LOG")"
expect 'everything was stopped' grep -q 'everything is stopped' "$LOG"
equal 'the order' 'front leaf' "$(sed -n 's/.*service=\([a-z]*\) .*to=stopped .*/\1/p' "$LOG" | xargs)"

start_container # process 1 takes care of itself
equal 'process 1 without --init' processd-init "$(inside cat /proc/1/comm)"
kill -TERM "$STUB"
container_ends 0
for signal in INT QUIT PWR RTMIN+3; do
	start_container --init
	kill -s "$signal" "$STUB"
	container_ends 0
done

# HUP is passed on, what means nothing to the keeper is not.
start_container --init
service other <<'E'
[service]
command = ["sleep", "1000"]
E
inside kill -USR1 1
inside kill -HUP 1
wait_for 'the configuration was read again' service_is other ready
rm "$CONFIG/other.toml"

# The keeper dies.
leaf=$(outside "$(field leaf .main.pid)")
inside kill -KILL "$(in_container .keeper.pid)" || : # the kernel may end nsenter's child with the rest
container_ends 137
expect 'nothing is left of the service' gone "$leaf"
expect 'the stub said why' grep -q 'init: error: the keeper was killed signal=9' "$LOG"

# The stub dies. The new start finds nothing that is left.
start_container --init
leaf=$(outside "$(field leaf .main.pid)")
kill -KILL "$STUB"
container_ends # unshare has no code for that
expect 'nothing is left of the service' gone "$leaf"

# What is wrong is told with the same exit codes.
service wrong <<'E'
[service]
comand = ["true"]
E
run_container --init
container_ends 1
rm "$CONFIG/wrong.toml"

# Below another init, --init does without a namespace.
launch_daemon --init
wait_for 'the API answers' answered_or_gone
equal 'the parent of the keeper' "$KEEPER" "$(ps -o ppid= -p "$(in_container .keeper.pid)" | xargs)"
wait_for 'the service is up' service_is leaf ready
leaf=$(field leaf .main.pid)
keeper=$(in_container .keeper.pid)
manager=$(manager_pid)
kill -KILL "$keeper"
wait_for 'the stub has ended' gone "$KEEPER"
status=0
wait "$KEEPER" || status=$?
equal "the stub's exit code" 137 "$status"
for pid in $leaf $keeper $manager; do expect "process $pid is gone" gone "$pid"; done
launch_daemon --init
wait_for 'the API answers' answered_or_gone
wait_for 'the service is up' service_is leaf ready
leaf=$(field leaf .main.pid)
keeper=$(in_container .keeper.pid)
kill -KILL "$KEEPER"
wait_for 'the keeper stops in order without its stub' gone "$keeper"
expect 'and so does the service' gone "$leaf"
KEEPER=

# Two containers in one cgroup, as they are by unshare alone: their keepers have the same pid, and each has its cgroups.
[ -n "$CGROUP" ] || exit 0
start_container --init
cgroup=$(in_container .cgroup)
first=$CONTAINER
mkdir "$T/state2"
unshare --pid --fork --kill-child --mount-proc "$BIN_DIR/ctdb-processd" --init --config-dir "$CONFIG" --state-dir "$T/state2" \
	--runtime-dir "$T/run2" >>"$T/log2" 2>&1 </dev/null &
CONTAINER=$!
remember "$CONTAINER"
second_is_up()
{
	curl -sf --unix-socket "$T/run2/api.socket" http://localhost/v1/services/leaf | jq -e '.state == "ready"'
}
wait_for 'the second container is up' second_is_up
equal 'the cgroup of the second' "$cgroup-2" "$(curl -s --unix-socket "$T/run2/api.socket" http://localhost/v1/system | jq -r .cgroup)"
equal 'a run in the first' cgroup "$(run_to_end '{"command": ["true"]}' | jq -r .proof)"
wait_for 'the second has a process 1' find_stub
kill -TERM "$STUB"
container_ends 0
refuse 'the cgroup of the second is left' test -e "$cgroup-2"
CONTAINER=$first
wait_for 'the first has a process 1' find_stub
kill -TERM "$STUB"
container_ends 0
refuse 'the cgroup of the first is left' test -e "$cgroup"
