#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Services made of a template: each runs as its own, with its own files over it; a reload brings new ones and takes
# others away while the rest runs on; the next manager has them too. A name that nothing declares is told with the mend.
. "$(dirname "$0")/lib.sh"

mkdir -m 777 "$T/out"
service 'web@' <<E
[service]
instances = ["a", "b"]
command = ["sh", "-c", "echo %n >$T/out/%i; echo hello from %i; exec sleep 1000"]
E
service 'web@c' <<E
[service]
start = "manual"
E

# check_says WORDS: --check refuses what is there and says so
check_says()
{
	refuse 'a wrong configuration passes' "$BIN_DIR/ctdb-processd" --check --config-dir "$CONFIG"
	mv "$T/daemon/last" "$T/said"
	grep -qF -e "$1" "$T/said" || fail "the check says $(cat "$T/said"), not: $1"
}

"$BIN_DIR/ctdb-processd" --check --config-dir "$CONFIG" >"$T/said"
expect 'the check counts instances' grep -qF '3 services, all well' "$T/said"
start_daemon
wait_for 'web@a is ready' service_is web@a ready
wait_for 'web@b is ready' service_is web@b ready
equal 'one that is started by hand' stopped "$(field web@c .state)"
wait_for 'web@b runs with its name' grep -qx web@b "$T/out/b"
wait_for 'its lines are its own' sh -c "'$BIN_DIR/processctl' logs --service web@b | grep -q 'hello from b'"
refuse 'a template is a service' ctl status web@
pid=$(field web@a .main.pid) gone_pid=$(field web@b .main.pid)

# A mistake in the template names the instances, and changes nothing.
echo 'nise = 1' >>"$CONFIG/web@.toml"
check_says "web@.toml:4:1: [service] has no key \"nise\"; did you mean \"nice\"? (web@a, web@b, web@c)"
equal 'status of the reload' 422 "$(status_of POST /v1/reload)"
equal 'web@a runs on' "$pid" "$(field web@a .main.pid)"

# d is new, b is gone, a is changed, by its own drop-in.
sed -i -e '/nise/d' -e 's/"a", "b"/"a", "d"/' "$CONFIG/web@.toml"
mkdir "$CONFIG/web@a.d"
printf '[service]\nnice = 5\n' >"$CONFIG/web@a.d/nice.toml"
equal 'status of the reload' 200 "$(status_of POST /v1/reload)"
equal 'what it changes' 'web@a next_start nice;web@b removed_running ;web@d added ' \
	"$(jq -r '[.changes[] | "\(.service) \(.applies) \(.keys | join(","))"] | join(";")' "$T/reply")"
wait_for 'web@d is ready' service_is web@d ready
equal 'web@a runs on' "$pid" "$(field web@a .main.pid)"
expect 'web@b stops' ctl stop web@b
expect 'web@b is gone' gone "$gone_pid"
expect 'web@c starts' ctl start web@c

kill -KILL "$(manager_pid)"
expect 'the next manager answers' api GET /v1/system
equal 'its instances' 'web@a web@c web@d' "$(api GET /v1/services | jq -r '[.services[].name] | join(" ")')"
equal 'web@a under the next manager' "$pid" "$(field web@a .main.pid)"
expect 'web@a restarts' ctl restart web@a
equal 'with its drop-in' 5 "$(ps -o ni= -p "$(field web@a .main.pid)" | tr -d ' ')"

# What nothing declares.
refuse 'an instance is made by a start' ctl start web@x
mv "$T/daemon/last" "$T/said"
expect 'the mend is named' grep -qF "add \"x\" to \"instances\" in $CONFIG/web@.toml" "$T/said"
service other <<E
[service]
command = ["sleep", "1000"]
after = ["web@dd"]
E
check_says "other.toml:3:10: \"after\" names \"web@dd\", which is an instance that nothing declares: add \"dd\" to"
stop_daemon
