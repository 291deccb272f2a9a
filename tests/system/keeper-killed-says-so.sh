#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SIGKILL of the keeper: the manager goes too; a new start refuses and names each process that is left, and starts when
# it may kill them; runs that were open are recorded as lost, once, and those that had ended are untouched.
. "$(dirname "$0")/lib.sh"

# WITHOUT_CGROUPS: what is left is found by the mark in its environment.
if [ -n "${WITHOUT_CGROUPS:-}" ]; then
	need_root
	awk '$3 == "cgroup2" { print $2 }' /proc/mounts >"$T/mounts"
	mkdir "$T/nothing"
	while read -r mount; do
		mount --bind "$T/nothing" "$mount"
	done <"$T/mounts"
fi

service leaf <<'E'
[service]
command = ["sh", "-c", "setsid sleep 1001 & exec sleep 1000"]
E
start_daemon
wait_for 'the service is up' service_is leaf ready
[ -z "${WITHOUT_CGROUPS:-}" ] || equal proof sweep "$(api GET /v1/system | jq -r .proof)"
leaf=$(field leaf .main.pid)
leaf_run=$(field leaf .main.run)
manager=$(manager_pid)
body='{"command": ["sh", "-c", "echo said before the end; exec sleep 1002"]}'
api PUT /v1/runs/open "$body" >"$T/reply"
said()
{
	api GET /v1/runs/open | grep -q 'said before'
}
wait_for 'the run has begun' said
open=$(api GET /v1/runs/open | jq .pid)
api PUT '/v1/runs/ended?wait=30s' '{"command": ["sh", "-c", "echo done; exit 3"]}' >"$T/reply"
# The answer may come up to 50 ms before the record is in the file, and that is too late if the keeper dies as well.
on_record()
{
	grep -aq 'R1 adhoc ended exited [^ ]* [^ ]* [^ ]* [^ ]* ended ' "$STATE/runs.tdb"
}
wait_for 'its end is on record' on_record
api GET /v1/runs/ended | jq -cS . >"$T/ended"

# processes_of PATTERN: pids of the commands that match.
processes_of()
{
	for _entry in /proc/[0-9]*; do
		tr '\0' ' ' <"$_entry/cmdline" 2>/dev/null | grep -q "^$1" && echo "${_entry#/proc/}"
	done || :
}
away()
{
	test -n "$(processes_of 'sleep 1001')"
}
wait_for 'the descendant that left the session runs' away
away=$(processes_of 'sleep 1001')
remember "$leaf" "$open" "$away"

kill -KILL "$KEEPER"
wait_for 'the keeper is gone' gone "$KEEPER"
wait_for 'the manager goes with the keeper' gone "$manager"
for pid in $leaf $away $open; do
	if gone "$pid"; then fail "process $pid was killed together with the keeper"; fi
done

# A start without leave to kill.
lines=$(wc -l <"$LOG")
launch_daemon
wait_for 'the new keeper has refused' gone "$KEEPER"
status=0
wait "$KEEPER" || status=$?
KEEPER=
equal 'exit code of the refusal' 3 "$status"
tail -n "+$((lines + 1))" "$LOG" >"$T/refusal"
for pid in $leaf $away $open; do
	expect "the refusal names $pid: $(cat "$T/refusal")" grep -qw "$pid" "$T/refusal"
	if gone "$pid"; then fail "process $pid was killed by a start that may not"; fi
done
expect 'the refusal says what to do' grep -q -e --kill-leftovers "$T/refusal"
equal 'sentences of the refusal' 1 "$(wc -l <"$T/refusal")"

start_daemon --kill-leftovers
for pid in $leaf $away $open; do
	gone "$pid" || fail "process $pid is left"
done

# records: id, outcome, code and state of each of the three, sorted.
records()
{
	api GET /v1/runs | jq -r --arg leaf "$leaf_run" '.runs[] | select(.id == "open" or .id == "ended" or .id == $leaf) |
		(if .id == $leaf then "leaf" else .id end) + " \(.outcome) \(.code) \(.state)"' | sort
}
wanted=$(printf '%s\n' 'ended exited 3 ended' 'leaf lost null ended' 'open lost null ended')
equal 'records' "$wanted" "$(records)"
equal 'the record that was complete' "$(jq -cS 'del(.asked_by)' "$T/ended")" \
	"$(api GET /v1/runs/ended | jq -cS 'del(.asked_by)')"
expect 'the record says why' sh -c "curl -s --unix-socket '$SOCKET' http://localhost/v1/runs/open | jq -e '.reason | test(\"the keeper ended\")'"
number=$(api GET /v1/runs/open | jq .number)
api PUT /v1/runs/open "$body" >"$T/again"
equal 'a repeated PUT is the lost run' "lost $number" "$(jq -r '"\(.outcome) \(.number)"' "$T/again")"
wait_for 'the service is up again' service_is leaf ready
[ "$(field leaf .main.pid)" != "$leaf" ] || fail 'the service has its old pid'

stop_daemon
start_daemon
equal 'records after another start' "$wanted" "$(records)"
equal 'ids that occur twice' '' "$(api GET /v1/runs | jq -r '.runs[].id' | sort | uniq -d)"
stop_daemon
