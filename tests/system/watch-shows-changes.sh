#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# GET /v1/watch shows everything once and then each change; with a token it goes on behind it, or says that it cannot and
# shows everything again.
# test: asan
. "$(dirname "$0")/lib.sh"

settings <<E
[records]
sync = "never"
E
service web <<E
[service]
command = ["sleep", "1000"]
E
start_daemon
wait_for 'the service is ready' service_is web ready

has_line()
{
	grep -q "$1" "$2"
}

watch()
{
	curl -sN --unix-socket "$SOCKET" "http://localhost/v1/watch$2" >"$1" &
	remember $!
	watcher=$!
}

# told FILE JQ: is there a line for which this holds?
told()
{
	jq -es "any(.[]; $2)" "$1"
}

watch "$T/watch" ''
wait_for 'the snapshot is complete' has_line snapshot_end "$T/watch"
equal 'the snapshot' 'system service run snapshot_end' "$(jq -r .type "$T/watch" | tr '\n' ' ' | sed 's/ $//')"

api POST '/v1/services/web/restart?wait=30s' >"$T/operation"
id=$(jq -r .id "$T/operation")
wait_for 'the operation is done' told "$T/watch" ".operation.id? == \"$id\" and .operation.state == \"done\""
equal 'states of the service, in order' 'stopping ready' \
	"$(jq -r 'select(.type == "service").service.state' "$T/watch" | uniq | grep -E 'stopping|ready' | tail -n 2 | tr '\n' ' ' | sed 's/ $//')"
run_to_end '{"command": ["true"]}' >"$T/run"
wait_for 'the run has ended' told "$T/watch" ".run.id? == $(jq .id "$T/run") and .run.state == \"ended\""

# Behind a token only what came after it.
kill "$watcher"
token=$(tail -n 1 "$T/watch" | jq -r .seq)
run_to_end '{"command": ["false"]}' >"$T/run"
watch "$T/again" "?after=$token"
wait_for 'the run is shown' has_line "$(jq -r .id "$T/run")" "$T/again"
refuse 'a snapshot was shown' has_line snapshot_end "$T/again"

# A token that is of no use any more.
watch "$T/foreign" '?after=1.1'
wait_for 'the snapshot after the gap' has_line snapshot_end "$T/foreign"
equal 'the gap comes first' 'gap restarted' "$(head -n 1 "$T/foreign" | jq -r '"\(.type) \(.reason)"')"
stop_daemon
