#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Files are edited: status says so by itself, plan says what a reload would do and does not do it, also for another
# manager and for drop-ins in a directory that was not there. What is put back differs no more. Mistakes are all told.
# test: asan
. "$(dirname "$0")/lib.sh"

differs()
{
	test "$(api GET /v1/system | jq -c '[.config.differs_on_disk[] | [(.path | sub(".*/conf[^/]*/"; "")), .change]]')" = "$1"
}
plan()
{
	api GET /v1/plan >"$T/plan"
}
would()
{
	jq -c '[.changes[] | [.service, .applies] + .keys]' "$T/plan"
}

service web <<E
[service]
command = ["sleep", "1000"]
nice = 1
E
service old <<E
[service]
command = ["sleep", "1001"]
E
start_daemon
wait_for 'web is ready' service_is web ready
wait_for 'old is ready' service_is old ready
pid=$(field web .main.pid)
wait_for 'nothing differs' differs '[]'
ctl plan >"$T/out"
equal 'a plan of nothing' 'the configuration on disk is the one in force' "$(cat "$T/out")"

cp "$CONFIG/web.toml" "$T/web.toml"
printf 'command = ["sleep", "1000"]\nnice = 2\n[service.restart]\ndelay = "3s"\n' | sed '1i[service]' >"$CONFIG/web.toml"
rm "$CONFIG/old.toml"
printf '[service]\ncommand = ["sleep", "1002"]\n' >"$CONFIG/new.toml"
wait_for 'three files differ' differs '[["new.toml","added"],["old.toml","removed"],["web.toml","changed"]]'
ctl status >"$T/out"
expect 'status says so' grep -q 'on disk differs from the one in force: .*new.toml and 2 more; see processctl plan' "$T/out"
plan
equal 'what a reload would do' \
	'[["new","added"],["old","removed_running"],["web","now","restart.delay"],["web","next_start","nice"]]' "$(would)"
ctl plan >"$T/out"
expect 'the table has files' grep -Eq 'new\.toml +added' "$T/out"
expect 'the table has what would be done' grep -Eq '^old +remove it; it runs until it is stopped' "$T/out"
equal 'nothing was done' 404 "$(status_of GET /v1/services/new)"
equal 'web goes on' "$pid" "$(field web .main.pid)"
equal 'web has nothing new' false "$(field web .config_changed)"

kill -KILL "$(manager_pid)"
expect 'the next manager answers' api GET /v1/system
wait_for 'the next manager sees it as well' differs '[["new.toml","added"],["old.toml","removed"],["web.toml","changed"]]'

equal 'the reload' 200 "$(status_of POST /v1/reload)"
equal 'it does what the plan said' "$(jq -c .changes "$T/plan")" "$(jq -c .changes "$T/reply")"
expect 'nothing differs any more' differs '[]'

# A directory of drop-ins, made first and filled later. What means the same is a difference of files alone.
mkdir "$CONFIG/web.d"
printf '[service]\nnice = 2\n' >"$CONFIG/web.d/same.toml"
wait_for 'the drop-in is seen' differs '[["web.d/same.toml","added"]]'
plan
equal 'the plan of what means the same' '[]' "$(would)"
ctl plan >"$T/out"
expect 'that is said' grep -q 'a reload would change nothing: the values are the same' "$T/out"
printf '[service]\nnice = 4\n' >"$CONFIG/web.d/same.toml"
plan_says()
{
	api GET /v1/plan | grep -q "$1"
}
wait_for 'the plan follows' plan_says nice
rm -r "$CONFIG/web.d"
wait_for 'what was put back differs no more' differs '[]'

# Mistakes: all of them, and status says after a refused reload that it was refused, until the disk is right again.
printf '[service]\ncomand = ["a"]\n' >"$CONFIG/new.toml"
cp "$CONFIG/web.toml" "$T/good.toml"
printf '[service]\ncommand = "a b"\n' >"$CONFIG/web.toml"
refuse 'a plan with mistakes' ctl plan
cp "$T/daemon/last" "$T/told"
expect 'the first is told' grep -q 'new.toml:2:1: .*comand' "$T/told"
expect 'the second is told' grep -q 'web.toml:2:11: ' "$T/told"
refuse 'a reload with mistakes' ctl reload
equal 'the error is kept' false "$(api GET /v1/system | jq '.config.error == null')"
printf '[service]\ncommand = ["sleep", "1002"]\n' >"$CONFIG/new.toml"
cp "$T/good.toml" "$CONFIG/web.toml"
no_error()
{
	test "$(api GET /v1/system | jq .config.error)" = null
}
wait_for 'the disk is right again, and the error over' no_error
expect 'nothing differs' differs '[]'
stop_daemon
