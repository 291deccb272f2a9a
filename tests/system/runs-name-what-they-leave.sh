#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# test: asan
# What a run leaves behind is killed and named in its record, with cgroups and without; what cannot be told to be of it, as
# it lost its parents, its session and its environment, is named as that; and what is written after the end is kept as late.
. "$(dirname "$0")/lib.sh"
need setsid
need_root

cat >"$T/leaves" <<'E'
#!/bin/sh
trap '' HUP TERM
sleep 1000 &
echo $! >"$1"
sleep 1000 &
echo $! >>"$1"
E
# Says that it has ended by letting its child say more: the pipe stays open in somebody who is not of its tree any more.
chmod 755 "$T/leaves"

# leftovers PROOF
leftovers()
{
	run_to_end "{\"command\": [\"$T/leaves\", \"$T/pids\"]}" >"$T/run"
	equal 'outcome' 'exited 0' "$(jq -r '"\(.outcome) \(.code)"' "$T/run")"
	id=$(jq -r .id "$T/run")
	wait_for 'the record is final' emptied
	equal 'proof' "$1" "$(jq -r .proof "$T/run")"
	equal 'leftovers' "$(sort -n "$T/pids" | tr '\n' ' ')" "$(jq -r '.leftovers | sort | map("\(.) ") | add' "$T/run")"
	while read -r pid; do
		expect 'it is gone' gone "$pid"
	done <"$T/pids"
	ctl show "$id" >"$T/shown"
	expect 'they are shown' grep -q "leftovers .*$(head -n 1 "$T/pids").* killed" "$T/shown"
}
emptied()
{
	api GET "/v1/runs/$id" >"$T/run" && jq -e .proof "$T/run"
}

start_daemon
if [ "$(api GET /v1/system | jq -r .proof)" = cgroup ]; then
	leftovers cgroup
	equal 'strangers' '[]' "$(jq -c .strangers "$T/run")"
fi

# Late output: of a descendant that outlives the run and writes before it is killed. Only one that is kept alive for a moment
# can: it is stopped in the kernel's eyes by nothing, so it writes all the time.
run_to_end '{"command": ["sh", "-c", "(while :; do echo late; done) & sleep 0.2; exit 5"]}' >"$T/run"
id=$(jq -r .id "$T/run")
wait_for 'the record is final' emptied
equal 'outcome' 'exited 5' "$(jq -r '"\(.outcome) \(.code)"' "$T/run")"
jq -e '(.late == ([.tail[] | select(.late)] | length > 0))' "$T/run" >/dev/null || fail 'late and the pieces differ'
stop_daemon

# The same without cgroups.
awk '$3 == "cgroup2" { print $2 }' /proc/mounts >"$T/mounts"
mkdir "$T/nothing"
while read -r mount; do
	mount --bind "$T/nothing" "$mount"
done <"$T/mounts"
start_daemon
leftovers sweep
equal 'strangers' '[]' "$(jq -c .strangers "$T/run")"

# One that nobody can tell, with another child there that it could be of.
service bystander <<E
[service]
command = ["sleep", "1000"]
E
service hider <<E
[service]
command = ["sh", "-c", "(setsid env -i sh -c 'echo \$\$ >$T/hidden; exec sleep 1000' &); exec sleep 1000"]
E
api POST /v1/reload >"$T/reply"
wait_for 'one has hidden' test -s "$T/hidden"
hidden=$(cat "$T/hidden")
wait_for 'the hider is up' service_is hider ready
api POST '/v1/services/hider/stop?wait=30s' >"$T/reply"
equal 'the stop' 'ok sweep []' "$(jq -r '"\(.result) \(.proof) \(.survivors)"' "$T/reply")"
expect 'its answer names the one that hides' jq -e ".reason | contains(\"pid $hidden\")" "$T/reply"
equal 'so does the record' "[$hidden]" "$(api GET '/v1/runs?name=hider&kind=service' | jq -c '.runs[0].strangers')"
expect 'so does the log' grep -q "nobody can tell.*$hidden" "$LOG"
refuse 'it was killed all the same' gone "$hidden"
stop_daemon
expect 'the end of the daemon is its end' gone "$hidden"
