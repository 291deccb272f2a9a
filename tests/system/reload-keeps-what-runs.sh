#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A reload while a service runs: it is stopped with the new stop command, which finds the user, the environment and the
# runtime directory that the process was started with, also when another manager has taken over; the next start has all
# that is new. One whose file is gone is still stopped as it said.
# test: asan
. "$(dirname "$0")/lib.sh"

mkdir -m 777 "$T/out"

# web GENERATION USER STOP-WORD
web()
{
	service web <<E
[service]
command = ["sh", "-c", "echo \$GENERATION >$T/out/started; exec sleep 1000"]
user = "$2"
nice = 3
environment = { GENERATION = "$1" }
runtime_directory = "$T/rt/$1"
post_stop = [["sh", "-c", "echo $3 \$GENERATION \$(id -un) >$T/out/post-stop"]]
[service.stop]
command = ["sh", "-c", "echo $3 \$GENERATION \$(id -un) \$(stat -c %U $T/rt/old) >$T/out/stop; kill \$(cat $T/out/pid)"]
E
}

# What the last reload said of web as APPLIES.
said()
{
	jq -r --arg a "$1" '[.changes[] | select(.service == "web" and .applies == $a).keys[]] | join(" ")' "$T/reply"
}

mkdir "$T/rt"
web old nobody wrong
service gone <<E
[service]
command = ["sleep", "1000"]
[service.stop]
command = ["sh", "-c", "echo stopped >$T/out/gone; exit 1"]
E
start_daemon
wait_for 'web is ready' service_is web ready
wait_for 'gone is ready' service_is gone ready
pid=$(field web .main.pid) gone_pid=$(field gone .main.pid)
echo "$pid" >"$T/out/pid"

web new root right
rm "$CONFIG/gone.toml"
equal 'status of the reload' 200 "$(status_of POST /v1/reload)"
equal 'what applies now' 'post_stop stop.command' "$(said now)"
equal 'what waits' 'user environment runtime_directory' "$(said next_start)"
equal 'the pid after the reload' "$pid" "$(field web .main.pid)"
equal 'that there is something new is shown' true "$(field web .config_changed)"
equal 'what it is' 'user environment runtime_directory' "$(field web '.changed_keys | join(" ")')"
expect 'why tells of it' sh -c "'$BIN_DIR/processctl' why web |
	grep -q 'has changed since it was started (user, environment, runtime_directory)'"
expect 'the old runtime directory stays' test -d "$T/rt/old"
refuse 'the new runtime directory is made too early' test -e "$T/rt/new"

manager=$(manager_pid)
kill -KILL "$manager"
expect 'the next manager answers' api GET /v1/system
equal 'the pid under the next manager' "$pid" "$(field web .main.pid)"
equal 'that there is something new is still shown' true "$(field web .config_changed)"

expect 'web stops' ctl stop web
expect 'web is gone' gone "$pid"
equal 'the stop command' 'right old nobody nobody' "$(cat "$T/out/stop")"
equal 'the post_stop command' 'right old nobody' "$(cat "$T/out/post-stop")"
refuse 'the old runtime directory is left' test -e "$T/rt/old"
rm "$T/out/started"
expect 'web starts' ctl start web
wait_for 'the new command runs' test -s "$T/out/started"
equal 'its environment' new "$(cat "$T/out/started")"
expect 'its runtime directory' test -d "$T/rt/new"
equal 'nothing waits' false "$(field web .config_changed)"
field web .main.pid >"$T/out/pid"

expect 'gone stops' ctl stop gone
equal 'its own stop command was run' stopped "$(cat "$T/out/gone")"
expect 'gone is gone' gone "$gone_pid"
wait_for 'it is forgotten' sh -c "! '$BIN_DIR/processctl' status gone"
stop_daemon
refuse 'the new runtime directory is left' test -e "$T/rt/new"
