#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A service can be declared over the API, without a file: judged as one, changed and removed as by a reload. It outlives the
# manager, a reload and an upgrade, and ends with the daemon; a record that cannot be read back costs nothing but itself.
# test: asan
. "$(dirname "$0")/lib.sh"
need tdbtool
need_root

# put NAME BODY: prints "STATUS RESULT"; the answer is in $T/reply.
put()
{
	_code=$(status_of PUT "/v1/services/$1" "$2")
	echo "$_code $(jq -r '.result // .kind' "$T/reply")"
}

told()
{
	jq -r '.detail' "$T/reply"
}

errors()
{
	jq -r '.errors[] | "\(.file): \(.key): \(.message)"' "$T/reply"
}

# As refuse; what was said is in $T/told.
refused()
{
	refuse "$@"
	cp "$T/daemon/last" "$T/told"
}

another_manager()
{
	_now=$(manager_pid) && [ "$_now" -gt 0 ] && [ "$_now" != "$_manager" ]
}

kill_manager()
{
	_manager=$(manager_pid)
	kill -KILL "$_manager"
	wait_for 'another manager serves' another_manager
}

service base <<'E'
[service]
command = ["sleep", "1000"]
E
service job <<'E'
[job]
command = ["true"]
E
CTDB_PROCESSD_NO_BACK_OFF=1
export CTDB_PROCESSD_NO_BACK_OFF
start_daemon
wait_for 'what a file declares is ready' service_is base ready

# Declared, with who and when, and started.
sleeper='{"service": {"command": ["sleep", "1000"], "requires": ["base"]}}'
equal 'a new one' '201 created' "$(put guest "$sleeper")"
equal 'its start' 'start guest ok curl' \
	"$(api GET "/v1/operations/$(jq -r .operation "$T/reply")?wait=30s" | jq -r '"\(.action) \(.service) \(.result) \(.asked_by.command)"')"
equal 'who declared it' 'uid 0 (curl' "$(field guest .transient.by | cut -d, -f1)"
equal 'a file declares the other' null "$(field base .transient)"
pid=$(field guest .main.pid)

# The same is the same, however it is written.
equal 'once more' '200 unchanged' "$(put guest '{ "service" : {"requires":["base"],
	"command": ["sleep","1000"]}}')"
equal 'once more as TOML' '200 unchanged' "$(put guest '[service]
command = ["sleep", "1000"]
requires = ["base"]')"
equal 'nothing was begun' null "$(jq -r .operation "$T/reply")"
equal 'a default that is spelt out' '200 changed' "$(put guest '{"service": {"command": ["sleep", "1000"], "requires": ["base"], "start": "auto"}}')"
equal 'means the same' '[]' "$(jq -c .changes "$T/reply")"

# A change is a reload of it alone.
equal 'another command' '200 changed' "$(put guest '{"service": {"command": ["sleep", "1001"], "requires": ["base"], "stop": {"timeout": "9s"}}}')"
equal 'what that means' 'now: stop.timeout; next_start: command' \
	"$(jq -r '[.changes[] | "\(.applies): \(.keys | join(" "))"] | join("; ")' "$T/reply")"
equal 'the process' "$pid" "$(field guest .main.pid)"
expect 'a restart' ctl restart guest
equal 'the command' 'sleep 1001' "$(field guest '.command | join(" ")')"
equal 'a manual one' '201 created' "$(put manual '{"service": {"command": ["sleep", "1000"], "start": "manual"}}')"
equal 'it is not started' 'null stopped' "$(jq -r '"\(.operation) \(.service.state)"' "$T/reply")"

# Judged as a file's, all at once.
equal 'a bad one' '422 bad_config' "$(put bad '{"service": {"comand": ["sleep"], "ready": {"timeot": "1s", "tcp": 5}, "requires": ["bse"]}}')"
errors >"$T/errors"
for line in 'transient service bad: service.comand: .*did you mean "command"' 'service.ready.timeot: .*did you mean "timeout"' \
	'service.ready.tcp: ' 'service.requires: "requires" names "bse", .*did you mean "base"'; do
	expect "it says $line" grep -q "$line" "$T/errors"
done
equal 'keys that are there twice' '422 bad_config' "$(put bad '{"service": {"command": ["a"], "ready": {"tcp": "a:1", "tcp": "b:1"}, "nice": null, "command": ["b"]}}')"
equal 'where' 'transient service bad: service.ready.tcp: the key is there 2 times
transient service bad: service.nice: it is null; leave the key out to have its default
transient service bad: service.command: the key is there 2 times' "$(errors)"
equal 'a job' '422 bad_config' "$(put bad '{"job": {"command": ["a"]}}')"
equal 'no JSON' '422 bad_config' "$(put bad '{"service": ')"
equal 'nothing' '400 bad_json' "$(put bad '')"
equal 'no name' '400 bad_request' "$(put BAD "$sleeper")"
equal 'a template' '400 bad_request' "$(put bad@ "$sleeper")"
equal 'the daemon' '400 bad_request' "$(put processd "$sleeper")"
equal 'a service of a file' '409 conflict' "$(put base "$sleeper")"
equal 'which' "\"base\" is declared by $CONFIG/base.toml" "$(told)"
equal 'a job of a file' '409 conflict' "$(put job "$sleeper")"
jq -nc '{service: {command: ["echo", ("x" * 70000)]}}' >"$T/large"
equal 'a large one' '413 too_large' "$(put bad "@$T/large")"
equal 'none of these is there' 'base guest manual' "$(api GET /v1/services | jq -r '[.services[].name] | join(" ")')"

# Names: from here to files, not back.
expect 'another that requires it' ctl add needy -f - <<'E'
[service]
command = ["sleep", "1000"]
requires = ["guest"]
E
equal 'what is needed stays' 409 "$(status_of DELETE /v1/services/guest)"
equal 'who needs it' '"guest" is needed by transient service needy (service.requires); remove or change that first' "$(told)"
equal 'it runs' ready "$(field guest .state)"
service base2 <<'E'
[service]
command = ["sleep", "1000"]
requires = ["guest"]
E
equal 'a file that names it' 422 "$(status_of GET /v1/plan)"
expect 'and why not' grep -q 'which is transient and ends with the daemon: a file cannot rely on it' "$T/reply"
rm "$CONFIG/base2.toml"
cp "$CONFIG/base.toml" "$CONFIG/guest.toml"
for route in 'GET /v1/plan' 'POST /v1/reload'; do
	# shellcheck disable=SC2086 # method and path
	equal "$route with a file of its name" 422 "$(status_of $route)"
	equal "what $route says" "$CONFIG/guest.toml: a transient service has this name; remove it first, with processctl remove guest" \
		"$(jq -r '.errors[] | "\(.file): \(.message)"' "$T/reply")"
done
rm "$CONFIG/guest.toml"
mv "$CONFIG/base.toml" "$T/base.toml"
equal 'what it requires cannot go' 422 "$(status_of POST /v1/reload)"
expect 'for its sake' grep -q 'transient service guest' "$T/reply"
mv "$T/base.toml" "$CONFIG/base.toml"
expect 'a reload' ctl reload

# Shown wherever services are.
expect 'status' sh -c "'$BIN_DIR/processctl' status | grep -Eq '^guest \(transient\) +ready'"
expect 'status of it' sh -c "'$BIN_DIR/processctl' status guest | grep -Eq 'transient +declared by uid 0 \(curl, pid'"
expect 'why' sh -c "'$BIN_DIR/processctl' why guest | grep -q 'It is transient: uid 0 (curl, pid .*) declared it over the API at'"
expect 'config' sh -c "'$BIN_DIR/processctl' config guest | grep -q 'guest, service (transient), declared over the API by uid 0 (curl'"
equal 'config of a file' null "$(api GET /v1/config/base | jq .transient)"
expect 'plan' sh -c "'$BIN_DIR/processctl' plan | grep -qx 'left alone by a reload (transient): guest, manual, needy'"
expect 'the log names who' grep -q 'transient service declared.*service=needy by=.*processctl' "$LOG"

# It outlives the manager and an upgrade.
before="$(field guest .main.pid) $(field needy .main.pid) $(field guest .transient.by)"
kill_manager
equal 'after the death of the manager' "$before" "$(field guest .main.pid) $(field needy .main.pid) $(field guest .transient.by)"
equal 'what was declared is what is there' '200 unchanged' \
	"$(put guest '{"service": {"command": ["sleep", "1001"], "requires": ["base"], "stop": {"timeout": "9s"}}}')"
_manager=$(manager_pid)
expect 'an upgrade' ctl upgrade
equal 'after an upgrade' "$before" "$(field guest .main.pid) $(field needy .main.pid) $(field guest .transient.by)"

# What cannot be read back is set aside, and costs nobody else anything.
base=$(field base .main.pid)
_manager=$(manager_pid)
kill -STOP "$KEEPER"
kill -KILL "$_manager"
wait_for 'nobody has the state open' gone "$_manager"
expect 'damage' sh -c "printf '%s\n' 'store transient/manual {\"by\":' 'store transient/old {\"by\":\"x\",\"since\":\"y\",\"text\":\"{}\"}' quit | tdbtool '$STATE/state.tdb'"
kill -CONT "$KEEPER"
wait_for 'another manager serves' another_manager
equal 'what is set aside' 'manual old' "$(api GET /v1/system | jq -r '[.config.transient_set_aside[].service] | join(" ")')"
expect 'processctl says so' sh -c "'$BIN_DIR/processctl' status | grep -q '^transient service old is not in force: transient service old:1:1: the file is empty'"
expect 'the log says so' grep -q 'a transient service is not in force.*service=manual' "$LOG"
equal 'the others' "$base $before" "$(field base .main.pid) $(field guest .main.pid) $(field needy .main.pid) $(field guest .transient.by)"
expect 'it can be declared anew' ctl add manual --start manual -- sleep 1000
expect 'or removed' ctl remove old
equal 'nothing is set aside' '[]' "$(api GET /v1/system | jq -c .config.transient_set_aside)"
expect 'a reload' ctl reload
# The texts of the files: their services go on, and are what the disk says.
_manager=$(manager_pid)
kill -STOP "$KEEPER"
kill -KILL "$_manager"
wait_for 'nobody has the state open' gone "$_manager"
expect 'damage' sh -c "printf '%s\n' 'store configuration {}x' quit | tdbtool '$STATE/state.tdb'"
kill -CONT "$KEEPER"
wait_for 'another manager serves' another_manager
equal 'one more' '201 created' "$(put more "$sleeper")"
equal 'all are there' "$base $before" "$(field base .main.pid) $(field guest .main.pid) $(field needy .main.pid) $(field guest .transient.by)"
_manager=$(manager_pid)
kill_manager
equal 'and on record' 'base guest manual more needy' "$(api GET /v1/services | jq -r '[.services[].name] | join(" ")')"

# Removed: stopped first, then forgotten.
refused 'there is no such service' ctl remove gest
expect 'and it says so' grep -q 'there is no transient service "gest"' "$T/told"
refused 'a file declares it' ctl remove base
expect 'and it says so' grep -q "base.toml declares it; remove that and reload" "$T/told"
expect 'remove them' ctl remove needy guest
expect 'its process is gone' gone "$(echo "$before" | cut -d' ' -f1)"
equal 'it is not there' 404 "$(status_of GET /v1/services/guest)"
equal 'who removed it' 'stop processctl' "$(api GET '/v1/operations?service=guest&limit=1' | jq -r '.operations[0] | "\(.action) \(.asked_by.command)"')"
expect 'a file may have the name now' cp "$CONFIG/base.toml" "$CONFIG/guest.toml"
expect 'a reload' ctl reload
# While it is on its way down its name is free: what is declared then starts when that is done.
equal 'one that takes its time' '201 created' "$(put slow "$(jq -nc --arg t "$T" '{service: {command: ["sh", "-c", "trap \"until [ -e \($t)/leave ]; do sleep 0.02; done; exit\" TERM; echo up; while :; do sleep 0.05; done"], ready: {output: "up"}, stop: {timeout: "1m"}}}' --arg t "$T")")"
wait_for 'it is ready' service_is slow ready
equal 'its removal' 202 "$(status_of DELETE /v1/services/slow)"
equal 'the next of its name' '201 created' "$(put slow "$sleeper")"
start=$(jq -r .operation "$T/reply")
: >"$T/leave"
equal 'it starts' ok "$(api GET "/v1/operations/$start?wait=60s" | jq -r .result)"
equal 'it is the new one' 'sleep 1000' "$(field slow '.command | join(" ")')"

# Bounds, and the end.
for i in $(seq 256); do
	cat <<E
unix-socket = "$SOCKET"
url = "http://localhost/v1/services/many-$i"
request = "PUT"
data = "{\"service\": {\"command\": [\"x\"], \"start\": \"manual\"}}"
write-out = "%{http_code}\n"
output = "$T/reply"
next
E
done | sed '$d' >"$T/many"
equal 'those that can be there' '253 201,3 429' "$(curl -sSK "$T/many" | sort | uniq -c | xargs -n2 | paste -sd,)"
equal 'how many there can be' 256 "$(api GET /v1/services | jq '[.services[] | select(.transient)] | length')"
equal 'the next is refused' '429 limit' "$(put more-than-that "$sleeper")"
stop_daemon
start_daemon
equal 'after the end of the daemon' 'base guest' "$(api GET /v1/services | jq -r '[.services[].name] | join(" ")')"
equal 'and of a manager' '[]' "$(kill_manager && api GET /v1/services | jq -c '[.services[] | select(.transient) | .name]')"
