#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Records of runs are listed newest first, in pages of any size without one twice or none, and by name, kind, state,
# outcome, time, duration and parent.
. "$(dirname "$0")/lib.sh"

service web <<E
[service]
command = ["sleep", "1000"]
E
start_daemon
wait_for 'the service is ready' service_is web ready

i=0
while [ "$i" -lt 120 ]; do
	echo "url = http://localhost/v1/runs?wait=30s"
	i=$((i + 1))
done >"$T/urls"
curl -s --unix-socket "$SOCKET" --data-binary '{"command": ["true"]}' -K "$T/urls" >"$T/replies"
equal 'runs that were made' 120 "$(jq -r .id "$T/replies" | sort -u | wc -l)"
between=$(jq -rs '.[60].created' "$T/replies")
run_to_end '{"command": ["false"]}' >"$T/false"
run_to_end '{"command": ["sleep", "0.3"]}' >"$T/sleep"
api POST /v1/runs '{"command": ["sleep", "1000"]}' >"$T/running"

count()
{
	api GET "/v1/runs?limit=1000&$1" | jq '.runs | length'
}

# Everything, in one answer and in pages.
api GET '/v1/runs?limit=1000' >"$T/all"
equal 'all runs' 124 "$(jq '.runs | length' "$T/all")"
equal 'nothing behind them' null "$(jq .next "$T/all")"
equal 'newest first' "$(jq -c '[.runs[].number] | sort | reverse' "$T/all")" "$(jq -c '[.runs[].number]' "$T/all")"
equal 'no output in lists' 0 "$(jq '[.runs[] | select(has("tail"))] | length' "$T/all")"
for limit in 7 50 60 123; do
	after=
	: >"$T/pages"
	while :; do
		api GET "/v1/runs?limit=$limit${after:+&after=$after}" >"$T/page"
		jq -r '.runs[].number' "$T/page" >>"$T/pages"
		after=$(jq -r '.next // empty' "$T/page")
		[ -n "$after" ] || break
		equal "runs in a page of $limit" "$limit" "$(jq '.runs | length' "$T/page")"
	done
	equal "all runs in pages of $limit" "$(jq -r '.runs[].number' "$T/all" | cksum)" "$(cksum <"$T/pages")"
done

equal 'by name' 120 "$(count name=true)"
equal 'by kind' 1 "$(count kind=service)"
equal 'by state' 2 "$(count state=running)"
equal 'by outcome' 122 "$(count outcome=exited)"
equal 'by time' 60 "$(count "name=true&since=$between")"
equal 'by how long ago' 124 "$(count since=1h)"
equal 'by duration' 1 "$(count 'min_duration=200ms&state=ended')"
equal 'by parent' 0 "$(count parent=nobody)"
equal 'by several' 1 "$(count 'name=false&kind=adhoc&outcome=exited&state=ended')"
equal 'by a name that nothing has' '[]' "$(api GET '/v1/runs?name=nothing' | jq -c .runs)"

api DELETE "/v1/runs/$(jq -r .id "$T/running")?wait=30s" >"$T/reply"
equal 'cancelled' 1 "$(count outcome=cancelled)"
stop_daemon
