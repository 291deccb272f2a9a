#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Around a service: pre_start commands in order, of which a failed or slow one fails the start, which is tried again;
# post_stop commands after every end, told why; a runtime directory that is the user's and goes with all it holds.
# test: asan
. "$(dirname "$0")/lib.sh"

mkdir "$T/rt"
mkdir -m 777 "$T/out"
service web <<E
[service]
command = ["sh", "-c", "echo main \$(stat -c '%U %a' $T/rt/web) >>$T/out/said; : >$T/rt/web/socket; exec sleep 1000"]
user = "nobody"
runtime_directory = "$T/rt/web"
pre_start = [
	["sh", "-c", "echo first \$(id -un) \$(stat -c '%U' $T/rt/web) >>$T/out/said"],
	["sh", "-c", "echo second >>$T/out/said; test -e $T/go"],
]
post_stop = [
	["sh", "-c", "echo after \$CTDB_PROCESSD_OUTCOME/\$CTDB_PROCESSD_CODE/\$CTDB_PROCESSD_SIGNAL >>$T/out/said; exit 1"],
	["sh", "-c", "test -e $T/rt/web && echo last >>$T/out/said"],
]
[service.restart]
delay = "200ms"
E
service slow <<E
[service]
command = ["sleep", "1000"]
pre_start = [["sleep", "1000"]]
hook_timeout = "100ms"
[service.restart]
policy = "never"
E
start_daemon

# What was said since the last time.
said()
{
	xargs <"$T/out/said"
	: >"$T/out/said"
}

wait_for 'web is tried again' sh -c "[ \$(curl -s --unix-socket $SOCKET http://localhost/v1/services/web | jq .restarts) -ge 1 ]"
equal 'why' 1 "$(grep -c 'service=web .*"pre_start command 2 exited with code 1, restart after' "$LOG" | sed 's/[2-9]/1/')"
: >"$T/go"
wait_for 'web is ready' service_is web ready
wait_for 'it has spoken' grep -q main "$T/out/said"
case $(said) in
'first nobody nobody second after exited/1/ last '*'first nobody nobody second main nobody 755') ;;
*) fail 'hooks in another order' ;;
esac

kill -KILL "$(field web .main.pid)"
wait_for 'web is back' grep -q main "$T/out/said"
equal 'after a signal' 'after signaled//SIGKILL last first nobody nobody second main nobody 755' "$(said)"
expect 'web stops' ctl stop web
equal 'after a stop' 'after cancelled//SIGTERM last' "$(said)"
refuse 'its runtime directory is left' test -e "$T/rt/web"

wait_for 'slow has failed' service_is slow failed
equal 'why' 'pre_start command 1 timed out, then killed by SIGTERM, and its restart policy is never' "$(field slow .reason)"

# A stop in the middle of it.
rm "$T/go"
cat >"$CONFIG/slow.toml" <<E
[service]
command = ["sleep", "1000"]
pre_start = [["sleep", "1000"]]
E
expect 'it is loaded' ctl reload
start=$(api POST /v1/services/slow/start | jq -r .id)
wait_for 'slow starts' service_is slow starting
expect 'slow stops' ctl stop slow
equal 'it is down' stopped "$(field slow .state)"
equal 'its start' superseded "$(api GET "/v1/operations/$start" | jq -r .result)"
stop_daemon
