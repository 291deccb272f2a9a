#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Whatever somebody changes, there is a record or a line in the log that says who it was: uid, pid and command.
. "$(dirname "$0")/lib.sh"
need_root

chmod 755 "$T" "$RUNTIME" "${RUNTIME%/*}"
settings <<E
[access]
admin = { users = ["1234"] }
E
service web <<E
[service]
command = ["sh", "-c", "trap : HUP; while :; do sleep 0.1; done"]
E
service waits <<E
[service]
command = ["sleep", "1000"]
start = "manual"
[service.ready]
output = "never"
E
start_daemon
wait_for 'the service is ready' service_is web ready

# one METHOD PATH [BODY]: as user 1234, from a program of this name; its pid is in $pid, the reply in $T/reply.
cp "$(command -v curl)" "$T/asker"
one()
{
	_method=$1 _path=$2 _body=${3-}
	set --
	[ -z "$_body" ] || set -- --data-binary "$_body"
	setpriv --reuid 1234 --regid 1234 --clear-groups "$T/asker" -s --max-time 60 --fail-with-body -o "$T/reply" \
		--unix-socket "$SOCKET" -X "$_method" "$@" "http://localhost$_path" &
	pid=$!
	wait "$pid" || fail "$_method $_path: $(cat "$T/reply")"
}
touch "$T/reply"
chown 1234 "$T/reply"

for action in start stop restart reload; do
	one POST "/v1/services/web/$action?wait=30s"
	equal "who asked for $action" "1234 $pid asker" "$(jq -r '.asked_by | "\(.uid) \(.pid) \(.command)"' "$T/reply")"
	operation=$(jq -r .id "$T/reply")
	equal 'and so it is on record' "1234 $pid asker" \
		"$(api GET "/v1/operations/$operation" | jq -r '.asked_by | "\(.uid) \(.pid) \(.command)"')"
	[ "$action" != stop ] || equal 'why the service is stopped' "stop wanted by uid 1234 (asker, pid $pid)" \
		"$(field web .reason | cut -d ';' -f 1)"
	[ "$action" != stop ] || one POST '/v1/services/web/start?wait=30s'
done
one POST '/v1/services/web/signal?wait=30s' '{"signal": "CONT"}'
equal 'who asked for a signal' "1234 $pid asker" "$(jq -r '.asked_by | "\(.uid) \(.pid) \(.command)"' "$T/reply")"

one POST /v1/services/waits/start
operation=$(jq -r .id "$T/reply")
one DELETE "/v1/operations/$operation"
equal 'who aborted an operation' "aborted by uid 1234 (asker, pid $pid)" "$(jq -r .reason "$T/reply")"

one POST /v1/runs '{"command": ["sleep", "1000"]}'
equal 'who asked for a run' "1234 $pid asker" "$(jq -r '.asked_by | "\(.uid) \(.pid) \(.command)"' "$T/reply")"
run=$(jq -r .id "$T/reply")
one DELETE "/v1/runs/$run?wait=30s"
equal 'who cancelled it' "cancelled by uid 1234 (asker, pid $pid)" "$(jq -r .reason "$T/reply")"
one PUT /v1/runs/mine '{"command": ["true"]}'
equal 'who asked for a run with an id' "1234 $pid" "$(jq -r '.asked_by | "\(.uid) \(.pid)"' "$T/reply")"

# logged MESSAGE BY: is there such a line?
logged()
{
	grep -F "$1" "$LOG" | grep -qF "by=\"$2\""
}
one POST /v1/reload
expect 'the log says who reloaded' logged 'configuration loaded' "uid 1234 (asker, pid $pid)"
echo wrong >"$CONFIG/wrong.toml"
setpriv --reuid 1234 --regid 1234 --clear-groups "$T/asker" -s -o "$T/reply" --unix-socket "$SOCKET" -X POST http://localhost/v1/reload
expect 'and who has tried' grep -q 'the configuration on disk is wrong.*by="uid 1234 (asker, pid ' "$LOG"
rm "$CONFIG/wrong.toml"
kill -HUP "$KEEPER"
wait_for 'the log says that it was SIGHUP' grep -q 'configuration loaded by=SIGHUP' "$LOG"
expect 'and from whom' grep -q 'got SIGHUP.* by_uid=0 by_pid=[0-9]' "$LOG"
one POST /v1/shutdown
wait_for 'the daemon has ended' gone "$KEEPER"
wait "$KEEPER" || fail 'the stop was not in order'
KEEPER=
expect 'the log says who shut the daemon down' logged 'shutdown asked for' "uid 1234 (asker, pid $pid)"
