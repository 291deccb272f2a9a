#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A manager that is stopped with SIGSTOP leaves its mail unread: the keeper kills and replaces it after about 10 s. The
# run whose end was that mail has its record and all of its output, the service and requests in flight notice nothing.
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
body="{\"command\": [\"sh\", \"-c\", \"echo before; read -r line <$T/gate; seq 1000; exit 5\"]}"
api PUT /v1/runs/across "$body" >"$T/reply"
wait_for 'the run waits at its gate' sh -c "curl -s --unix-socket '$SOCKET' http://localhost/v1/runs/across | grep -q before"

kill -STOP "$manager"
begin=$(date +%s)
echo go >"$T/gate"
# This request reaches the stopped manager's socket, and is answered by the next one.
api GET '/v1/runs/across?wait=60s' >"$T/run" &
request=$!
wait_for 'the stopped manager is killed' gone "$manager"
took=$(($(date +%s) - begin))
[ "$took" -ge 9 ] || fail "the manager was killed after $took s, though it may be silent for 10 s"
[ "$took" -le 20 ] || fail "the manager was killed only after $took s"
expect 'the log says why' grep -q 'leaves its mail unread' "$LOG"
expect 'the request that waited is answered' wait "$request"

equal 'outcome' exited5 "$(jq -r '.outcome + (.code | tostring)' "$T/run")"
api GET /v1/runs/across >"$T/run"
equal 'output' "$(echo before && seq 1000)" "$(jq -j '.tail[].text' "$T/run")"
equal 'dropped bytes' 0 "$(jq '.stdout.dropped + .stderr.dropped' "$T/run")"
equal "the service's pid" "$leaf" "$(field leaf .main.pid)"
[ "$(manager_pid)" != "$manager" ] || fail 'the manager is the same'
api PUT "/v1/runs/across?wait=30s" "$body" >"$T/again"
equal 'a repeated PUT is the same run' "$(jq .number "$T/run")" "$(jq .number "$T/again")"
equal 'number of runs' 2 "$(api GET /v1/runs | jq '.runs | length')"
stop_daemon
