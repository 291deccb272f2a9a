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

# Prints the numbers of all runs that match, page by page; only the last page may be short.
in_pages()
{
	_limit=$1 _after=
	while :; do
		api GET "/v1/runs?limit=$_limit&$2${_after:+&after=$_after}" >"$T/page"
		jq -r '.runs[].number' "$T/page"
		_after=$(jq -r '.next // empty' "$T/page")
		[ -n "$_after" ] || break
		equal "runs in a page of $_limit of $2" "$_limit" "$(jq '.runs | length' "$T/page")"
	done
}

# Everything, in one answer and in pages.
api GET '/v1/runs?limit=1000' >"$T/all"
equal 'all runs' 124 "$(jq '.runs | length' "$T/all")"
equal 'nothing behind them' null "$(jq .next "$T/all")"
equal 'newest first' "$(jq -c '[.runs[].number] | sort | reverse' "$T/all")" "$(jq -c '[.runs[].number]' "$T/all")"
equal 'no output in lists' 0 "$(jq '[.runs[] | select(has("tail"))] | length' "$T/all")"
for limit in 7 50 60 123; do
	equal "all runs in pages of $limit" "$(jq -r '.runs[].number' "$T/all" | cksum)" "$(in_pages "$limit" since=1h | cksum)"
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

# What changes in a run's life is asked of the living: runs that go on, between others that have ended.
ids=
for i in 1 2 3 4 5 6 7 8; do
	ids="$ids $(api POST /v1/runs '{"command": ["sleep", "1001"]}' | jq -r .id)"
	run_to_end '{"command": ["true"]}' >"$T/reply"
	# Two that exist when the list is begun and are not on disk yet as what they are.
	[ "$i" != 4 ] || api GET '/v1/runs?state=running&limit=4&kind=adhoc' >"$T/first"
done
all_run()
{
	[ "$(count state=running)" = 10 ]
}
wait_for 'all of them run' all_run
for limit in 3 10; do
	equal "running ones in pages of $limit" "$(api GET '/v1/runs?state=running' | jq -r '.runs[].number')" \
		"$(in_pages "$limit" state=running)"
done
equal 'all runs in pages, with living ones' "$(api GET '/v1/runs?limit=1000' | jq -r '.runs[].number' | cksum)" \
	"$(in_pages 15 since=1h | cksum)"
# A list that was begun before newer runs came goes on as if they had not.
after=$(jq -r .next "$T/first")
api GET "/v1/runs?state=running&limit=4&kind=adhoc&after=$after" >"$T/second"
equal 'the first page and its next' 5 "$(jq -r '.runs[].number' "$T/first" "$T/second" | sort -u | wc -l)"
for id in $ids; do api DELETE "/v1/runs/$id?wait=30s" >"$T/reply"; done
equal 'nobody is starting' '{"runs":[],"next":null}' "$(api GET '/v1/runs?state=starting&limit=1')"

api DELETE "/v1/runs/$(jq -r .id "$T/running")?wait=30s" >"$T/reply"
equal 'cancelled' 9 "$(count outcome=cancelled)"
stop_daemon
