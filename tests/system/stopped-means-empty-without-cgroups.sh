#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Stopped means empty also where there is no cgroup v2: sweeps find descendants that left the session, were given away
# and ignore TERM; the replies say that the proof was a sweep.
. "$(dirname "$0")/lib.sh"
need setsid
[ -n "$TEST_NAMESPACE" ] || skip 'needs namespaces'
proof=sweep
awk '$3 == "cgroup2" { print $2 }' /proc/mounts >"$T/mounts"
mkdir "$T/nothing"
while read -r mount; do
	mount --bind "$T/nothing" "$mount"
done <"$T/mounts"

# Descendants of a service and of a run that do all they can to be overlooked: they leave the session, are given away by
# their parents, and ignore TERM. (An orphan that has an empty environment, too, is beyond what a sweep can find.)
cat >"$T/tree" <<'E'
#!/bin/sh
trap '' TERM HUP INT
setsid sh -c 'echo $$ >>"$1/pids"; exec sleep 1000' sh "$1" &
(setsid sh -c 'echo $$ >>"$1/pids"; exec sleep 1000' sh "$1" &)
(setsid sh -c '(setsid sh -c "trap \"\" TERM; echo \$\$ >>\"\$1/pids\"; while :; do sleep 1; done" sh "$1" &)' sh "$1" &)
echo $$ >>"$1/pids"
while :; do sleep 1; done
E
chmod 755 "$T/tree"
mkdir "$T/service" "$T/run"
service tree <<E
[service]
command = ["$T/tree", "$T/service"]
[service.stop]
timeout = "300ms"
E
service bystander <<E
[service]
command = ["sleep", "1000"]
E
start_daemon
wait_for 'the bystander is up' service_is bystander ready
bystander=$(field bystander .main.pid)

four_pids()
{
	test 4 = "$(wc -l <"$1/pids")"
}
all_gone()
{
	while read -r pid; do
		gone "$pid" || return 1
	done <"$1/pids"
}
some_left()
{
	! all_gone "$1"
}

wait_for 'the descendants of the service are there' four_pids "$T/service"
api POST '/v1/services/tree/stop?wait=30s' >"$T/operation"
equal 'the reply to the stop' "done ok $proof []" "$(jq -rc '"\(.state) \(.result) \(.proof) \(.survivors)"' "$T/operation")"
expect 'nothing of the service is left when the stop is done' all_gone "$T/service"

api PUT /v1/runs/cancelled "{\"command\": [\"$T/tree\", \"$T/run\"], \"stop_timeout_ms\": 200}" >/dev/null
wait_for 'the descendants of the run are there' four_pids "$T/run"
has_proof()
{
	api GET /v1/runs/cancelled | jq -e .proof
}
api DELETE '/v1/runs/cancelled?wait=30s' >/dev/null
wait_for 'the record has its proof' has_proof
equal 'the record of the run' "cancelled SIGKILL $proof" "$(api GET /v1/runs/cancelled | jq -r '"\(.outcome) \(.signal) \(.proof)"')"
expect 'nothing of the run is left' all_gone "$T/run"

# A service whose main process ends takes its descendants with it before it starts again.
rm "$T/service/pids"
api POST '/v1/services/tree/start?wait=30s' >/dev/null
wait_for 'the descendants of the service are there again' four_pids "$T/service"
cp "$T/service/pids" "$T/run/pids"
kill -KILL "$(field tree .main.pid)"
wait_for 'nothing of the first tree is left' all_gone "$T/run"

# And so does the end of the daemon.
pids_of_two()
{
	test 8 = "$(wc -l <"$T/service/pids")"
}
wait_for 'the service has come back' pids_of_two
expect 'the bystander has not been touched' test "$bystander" = "$(field bystander .main.pid)"
stop_daemon
expect 'nothing is left of the service' all_gone "$T/service"
expect 'nor of the bystander' gone "$bystander"
