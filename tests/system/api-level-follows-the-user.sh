#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What somebody may do at the API follows from uid and groups as processd.toml says, by name and by number; who may do
# nothing is not even listened to; and a reload changes that for new connections.
. "$(dirname "$0")/lib.sh"
need_root

chmod 755 "$T" "$RUNTIME"
settings <<E
[access]
read = { users = ["nobody"], groups = ["4321"] }
operate = { groups = ["games", "nosuchgroup"] }
admin = { users = ["1234"] }
E
service web <<E
[service]
command = ["sleep", "1000"]
E
start_daemon

# as UID GROUPS METHOD PATH [BODY]: the status that this user gets, 000 when the connection is closed at once.
as()
{
	_uid=$1 _groups=$2 _method=$3 _path=$4 _body=${5-}
	set --
	[ -z "$_body" ] || set -- --data-binary "$_body"
	setpriv --reuid "$_uid" --regid 65000 --groups "$_groups" curl -s --max-time 60 -o /dev/null -w '%{http_code}' \
		--unix-socket "$SOCKET" -X "$_method" "$@" "http://localhost$_path" || :
}

nobody=$(id -u nobody)
games=$(getent group games | cut -d: -f3)
run='{"command": ["true"]}'

equal 'somebody else reads' 000 "$(as 5555 65000 GET /v1/system)"
equal 'a reader by user name reads' 200 "$(as "$nobody" 65000 GET /v1/system)"
equal 'a reader operates' 403 "$(as "$nobody" 65000 POST /v1/services/web/start)"
equal 'a reader by group number reads' 200 "$(as 5555 4321 GET /v1/system)"
equal 'an operator by group name operates' 202 "$(as 5555 "65000,$games" POST /v1/services/web/restart)"
equal 'an operator runs' 403 "$(as 5555 "65000,$games" POST /v1/runs "$run")"
equal 'an admin by user number runs' 202 "$(as 1234 65000 POST /v1/runs "$run")"
equal 'root runs' 202 "$(as 0 0 POST /v1/runs "$run")"
expect 'the log names the group that does not exist' grep -q nosuchgroup "$LOG"

# Environment values are for operators.
id=$(api POST '/v1/runs?wait=30s' '{"command": ["true"], "environment": {"SECRET": "hidden"}}' | jq -r .id)
secret()
{
	setpriv --reuid "$1" --regid 65000 --groups "$2" curl -s --unix-socket "$SOCKET" "http://localhost/v1/runs/$id" |
		jq -r .process.environment.SECRET
}
equal 'a value as a reader sees it' null "$(secret "$nobody" 65000)"
equal 'a value as an operator sees it' hidden "$(secret 5555 "$games")"

settings <<E
[access]
operate = { users = ["nobody"] }
E
equal 'reload' 200 "$(status_of POST /v1/reload)"
wait_for 'the reader has become an operator' test 202 = "$(as "$nobody" 65000 POST /v1/services/web/restart)"
equal 'whose rule is gone reads' 000 "$(as 5555 4321 GET /v1/system)"
stop_daemon
