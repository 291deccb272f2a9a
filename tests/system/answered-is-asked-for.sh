#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A keeper that takes nothing (it is stopped) until its socket is full: requests for runs are answered as long as the keeper
# has them, and wait from there on. The manager is killed: each run that was answered for is done, none is lost.
. "$(dirname "$0")/lib.sh"

settings <<'E'
[limits]
runs = 5000
E
start_daemon
manager=$(manager_pid)
kill -STOP "$KEEPER"
answered=0
while PATIENCE=2 api PUT "/v1/runs/run-$((answered + 1))" '{"command": ["true"]}' >"$T/reply" 2>&1; do
	answered=$((answered + 1))
	[ "$answered" -lt 5000 ] || fail 'the socket takes everything'
done
[ "$answered" -gt 10 ] || fail "only $answered runs were answered for: $(cat "$T/reply")"
kill -KILL "$manager"
kill -CONT "$KEEPER"
wait_for 'the next manager serves' grep -q 'manager serves.*incarnation=2 ' "$LOG"
n=0
while [ "$n" -lt "$answered" ]; do
	n=$((n + 1))
	api GET "/v1/runs/run-$n?wait=30s" >"$T/run"
	equal "run $n of $answered" 'exited 0' "$(jq -r '"\(.outcome) \(.code)"' "$T/run")"
done
equal 'runs that are lost' '[]' "$(api GET '/v1/runs?outcome=lost' | jq -c .runs)"
stop_daemon
