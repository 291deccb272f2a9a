#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# processctl upgrade: the keeper executes the installed program in its place. Pids of keeper and services, the instance
# lock, output, a run in flight and one that ends during the upgrade stay; no descriptor is left over; who asked is on
# record.
# test: asan
. "$(dirname "$0")/lib.sh"

service leaf <<'E'
[service]
command = ["sleep", "1000"]
E
service counter <<'E'
[service]
command = ["sh", "-c", "i=0; while :; do i=$((i + 1)); echo n$i; sleep 0.01; done"]
E
start_daemon
wait_for 'the service is up' service_is leaf ready
wait_for 'the counter is up' service_is counter ready
leaf=$(field leaf .main.pid)
count=$(field counter .main.pid)
manager=$(manager_pid)
descriptors_are()
{
	[ "$(find /proc/"$KEEPER"/fd -mindepth 1 | wc -l)" = "$1" ]
}
mkfifo "$T/gate"
body="{\"command\": [\"sh\", \"-c\", \"echo before; read -r line <$T/gate; echo \$line; exit 3\"]}"
api PUT /v1/runs/across "$body" >/dev/null

for _round in 1 2 3 4 5; do
	api PUT "/v1/runs/short$_round" '{"command": ["sh", "-c", "sleep 0.06; exit 7"]}' >/dev/null
	ctl upgrade >"$T/said"
	grep -q 'ctdb-processd upgraded in .*: version .* gave way to' "$T/said" || fail "processctl said: $(cat "$T/said")"
	equal 'the end of a run during an upgrade' exited7 \
		"$(api GET "/v1/runs/short$_round?wait=30s" | jq -r '.outcome + (.code | tostring)')"
done
[ "$(manager_pid)" != "$manager" ] || fail 'the manager is the same'
equal 'number of upgrades' 5 "$(api GET /v1/system | jq .keeper.upgrades)"
equal "the keeper's pid" "$KEEPER" "$(api GET /v1/system | jq .keeper.pid)" # in this pid namespace
equal "the service's pid" "$leaf" "$(field leaf .main.pid)"
equal "the counter's pid" "$count" "$(field counter .main.pid)"
equal 'who asked' processctl "$(api GET /v1/operations | jq -r '.operations[0].asked_by.command')"
refuse 'a second daemon has no room' "$BIN_DIR/ctdb-processd" --foreground --config-dir "$CONFIG" --state-dir "$STATE" --runtime-dir "$RUNTIME"

echo after >"$T/gate"
api GET '/v1/runs/across?wait=30s' >"$T/run"
equal 'outcome' exited3 "$(jq -r '.outcome + (.code | tostring)' "$T/run")"
equal 'output' 'before after ' "$(jq -j '.tail[].text' "$T/run" | tr '\n' ' ')"
idle()
{
	[ "$(api GET '/v1/runs?kind=adhoc&state=running' | jq '.runs | length')" = 0 ]
}
wait_for 'the runs are over' idle
ctl upgrade >/dev/null
descriptors=$(find /proc/"$KEEPER"/fd -mindepth 1 | wc -l)
for _round in 1 2 3 4 5; do ctl upgrade >/dev/null; done
wait_for 'no descriptor is left over' descriptors_are "$descriptors"

stop_daemon
# Each number once and in order, in the sink that all managers wrote to: no line is lost or doubled.
sed -n 's/.* counter\[.*\] stdout: n//p' "$LOG" >"$T/numbers"
awk 'NR != $1 { print "line " NR " has number " $1; exit 1 } END { exit NR < 5 }' "$T/numbers" >"$T/wrong" ||
	fail "lines of the counter are missing or doubled: $(cat "$T/wrong")"
