#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# While the state directory takes nothing, services and runs go on, their records wait, and at a bound new runs are
# refused with 507. Neither the manager's death nor the daemon's end afterwards loses or doubles one of them.
# test: asan
. "$(dirname "$0")/lib.sh"
need_root

# Too small for the first growth of runs.tdb, whatever is in it.
mount -t tmpfs -o size=1m none "$STATE"
service steady <<E
[service]
command = ["sleep", "1000"]
E
service crasher <<E
[service]
command = ["sleep", "0.3"]
[service.restart]
policy = "always"
delay = "200ms"
max_delay = "200ms"
E
start_daemon
wait_for 'steady is ready' service_is steady ready
steady=$(field steady .main.pid)

# put_runs FROM TO: one curl asks for them all, one after the other; replies end up in $T/replies/N, statuses in $T/statuses.
mkdir "$T/replies"
body()
{
	echo '{"command": ["sh", "-c", "echo out '"$1; echo err $1 >&2; exit $(($1 % 7))"'"]}'
}
put_runs()
{
	_i=$1
	while [ "$_i" -le "$2" ]; do
		[ "$_i" = "$1" ] || echo next
		cat <<E
unix-socket = "$SOCKET"
silent
show-error
url = "http://localhost/v1/runs/run-$_i?wait=60s"
request = "PUT"
header = "Content-Type: application/json"
data = $(body "$_i")
output = "$T/replies/$_i"
write-out = "$_i %{http_code}\\n"
E
		_i=$((_i + 1))
	done | sed '/^data = /{ s/"/\\"/g; s/= \(.*\)/= "\1"/; }' >"$T/curl"
	curl -K "$T/curl" >>"$T/statuses"
}

# as_told FILE: of each line's record what must be the same whenever it is read, sorted.
as_told()
{
	jq -cS 'del(.tail[]?.time)' "$1" | sort
}

# read_back FILE: every ad-hoc run's record, by pages of the list and then one by one.
read_back()
{
	_after=
	: >"$1.ids"
	while [ "$_after" != end ]; do
		api GET "/v1/runs?kind=adhoc&limit=170$_after" >"$T/page"
		jq -r '.runs[].id' "$T/page" >>"$1.ids"
		_after=$(jq -r '.next | if . then "&after=" + . else "end" end' "$T/page")
	done
	sed 's/.*/url = "http:\/\/localhost\/v1\/runs\/&"/' "$1.ids" >"$T/curl"
	curl -sS --fail-with-body --unix-socket "$SOCKET" -K "$T/curl" >"$1.json" || fail 'a listed run cannot be read'
	as_told "$1.json" >"$1"
	equal "runs listed twice in ${1##*/}" '' "$(sort "$1.ids" | uniq -d)"
}

restarted()
{
	[ "$(field crasher .restarts)" -gt "$1" ]
}

put_runs 1 530
accepted=$(grep -c ' 200$' "$T/statuses")
equal 'runs that were neither done nor refused with 507' 530 $((accepted + $(grep -c ' 507$' "$T/statuses")))
expect 'hundreds of runs went on' test "$accepted" -gt 400
expect 'later ones were refused' test "$accepted" -le 500
equal 'the refused ones' "$((accepted + 1))" "$(sed -n 's/ 507$//p' "$T/statuses" | head -n 1)"
equal 'kind of the refusal' storage "$(jq -r .kind "$T/replies/530")"
expect 'it says what is wrong' grep -q "$STATE/runs.tdb: No space left on device" "$T/replies/530"
head -n "$accepted" "$T/statuses" | sed "s/ .*//; s,^,$T/replies/," | xargs cat >"$T/told.json"
as_told "$T/told.json" >"$T/told"
equal 'exit codes' "$accepted" "$(jq -s '[.[] | select(.outcome == "exited" and .code == (.id[4:] | tonumber % 7) and
	([.tail[].text] | sort) == ["err \(.id[4:])\n", "out \(.id[4:])\n"])] | length' "$T/told.json")"

# Services go on, a repeated PUT finds its run, and so does the next manager.
equal 'steady' "$steady" "$(field steady .main.pid)"
wait_for 'what crashes is restarted' restarted "$(field crasher .restarts)"
equal 'a repeated PUT' 200 "$(status_of PUT '/v1/runs/run-7?wait=60s' "$(body 7)")"
equal 'what it finds' "$(jq -c . "$T/replies/7")" "$(jq -c . "$T/reply")"
read_back "$T/waiting"
expect 'all are there while they wait' cmp "$T/told" "$T/waiting"
manager=$(manager_pid)
kill -KILL "$manager"
wait_for 'the next manager answers' manager_pid
read_back "$T/taken-up"
expect 'all are there under the next manager' cmp "$T/told" "$T/taken-up"
equal 'steady under the next manager' "$steady" "$(field steady .main.pid)"
wait_for 'what crashes is restarted by the next manager' restarted "$(field crasher .restarts)"
equal 'another run' 507 "$(status_of POST /v1/runs '{"command": ["true"]}')"

# There is room again.
mount -o remount,size=64m "$STATE"
wait_for 'the log says so' grep -q 'run records can be written again' "$LOG"
equal 'a run' 200 "$(status_of PUT '/v1/runs/after?wait=60s' '{"command": ["true"]}')"
cat "$T/reply" >>"$T/told.json"
as_told "$T/told.json" >"$T/told"
read_back "$T/written"
expect 'all are on record' cmp "$T/told" "$T/written"
stop_daemon
start_daemon
read_back "$T/read"
expect 'all are on record in the next life' cmp "$T/told" "$T/read"
equal 'files kept aside' '' "$(find "$STATE" -name '*.corrupt-*')"
stop_daemon
