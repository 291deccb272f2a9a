#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SIGKILL of the manager: services keep their pids, a run in flight ends with its record and its output, new connections
# are not refused, and a repeated PUT is answered with the run that exists.
# test: asan
. "$(dirname "$0")/lib.sh"

service leaf <<'E'
[service]
command = ["sleep", "1000"]
E
start_daemon
wait_for 'the service is up' service_is leaf ready
leaf=$(field leaf .main.pid)
manager=$(manager_pid)
mkfifo "$T/gate"
body="{\"command\": [\"sh\", \"-c\", \"echo before; read -r line <$T/gate; echo \$line; exit 3\"]}"
api PUT /v1/runs/across "$body" >/dev/null
wait_for 'the run waits at its gate' sh -c "curl -s --unix-socket '$SOCKET' http://localhost/v1/runs/across | grep -q before"

kill -KILL "$manager"
expect 'the API answers, however long that takes' api GET /v1/system
[ "$(manager_pid)" != "$manager" ] || fail 'the manager is the same'
equal "the service's pid" "$leaf" "$(field leaf .main.pid)"
api PUT /v1/runs/across "$body" | jq -r .state >"$T/state"
equal 'a repeated PUT is the same run' running "$(cat "$T/state")"
echo after >"$T/gate"
api GET '/v1/runs/across?wait=30s' >"$T/run"
equal 'outcome' exited3 "$(jq -r '.outcome + (.code | tostring)' "$T/run")"
equal 'output' 'before after ' "$(jq -j '.tail[].text' "$T/run" | tr '\n' ' ')"
equal 'number of records of it' 1 "$(api GET '/v1/runs?kind=adhoc' | jq '[.runs[] | select(.id == "across")] | length')"
stop_daemon
