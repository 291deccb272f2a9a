#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Over an upgrade who waits for a run or an operation is answered, that it goes on; hooks go on, what they have yet to tell is told
# once, and a job comes when it was due. What is asked while no program is there (another upgrade, a shutdown) waits for
# the next one; a shutdown while a program is tried is a shutdown.
# test: asan
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-upgrade.sh"

service leaf <<'E'
[service]
command = ["sleep", "1000"]
[service.restart]
delay = "10ms"
max_delay = "10ms"
E
service deaf <<E
[service]
command = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; [ ! -e $T/heard ] || exit 3; done"]
[service.ready]
output = "deaf"
[service.stop]
timeout = "5m"
E
service told <<E
[hook]
on = "service.failed"
of = ["leaf"]
debounce = "0s"
command = ["sh", "-c", "echo \$CTDB_PROCESSD_COUNT >>$T/told; until [ -e $T/hook-may-end ]; do sleep 0.05; done; exit 7"]
E
service seldom <<E
[hook]
on = "service.failed"
of = ["leaf"]
debounce = "1h"
command = ["true"]
E
service hourly <<'E'
[job]
command = ["true"]
every = "1h"
E
processctl=$BIN_DIR/processctl
BIN_DIR=$PROGRAMS start_daemon
wait_for 'a service is up' service_is leaf ready
wait_for 'another is up' service_is deaf ready

dies()
{
	_pid=$(field leaf .main.pid)
	kill -KILL "$_pid"
	wait_for 'the service is up again' service_is_new leaf "$_pid"
}
times_told()
{
	awk '{ n += $1 } END { print n + 0 }' "$T/told"
}
was_told()
{
	[ "$(times_told)" = "$1" ]
}
pending()
{
	[ "$(api GET "/v1/jobs/$1" | jq '.pending[0].count')" = "$2" ]
}
dies
wait_for 'a hook runs' was_told 1
dies
wait_for 'it is to be told of another edge' pending told 1
wait_for 'and the one that has run, too' pending seldom 1
due=$(api GET /v1/jobs/hourly | jq -r .next) # with a random part of minutes
stays leaf deaf

# waits NAME METHOD PATH [BODY]: in $T/NAME, with the status behind it.
waits()
{
	_name=$1
	shift
	api "$@" -w '%{http_code}\n' >"$T/$_name" 2>&1 &
	eval "$_name=$!"
	remember "$!"
}
under_way()
{
	[ "$(api GET '/v1/runs?kind=adhoc&state=running' | jq '.runs | length')" = 1 ] && service_is deaf stopping
}
waits run PUT '/v1/runs/slow?wait=50s' "{\"command\": [\"sh\", \"-c\", \"until [ -e $T/enough ]; do sleep 0.05; done; exit 5\"]}"
waits stop POST '/v1/services/deaf/stop?wait=50s' ''
wait_for 'a run and a stop are under way' under_way

install_one_that_pauses
"$processctl" upgrade >"$T/said" 2>&1 &
upgrade=$!
remember "$upgrade"
wait_for 'nobody is there' test -e "$T/executing"
# shellcheck disable=SC2154 # waits sets them
for one in "$run" "$stop"; do wait "$one" || fail "a request that waits was cut off: $(cat "$T/run" "$T/stop")"; done
equal 'what a run says to who waits' 'running 202' "$(jq -r '.state? // .' "$T/run" | xargs)"
equal 'what an operation says' 'running 202' "$(jq -r '.state? // .' "$T/stop" | xargs)"
waits another POST /v1/upgrade ''
: >"$T/go"
wait "$upgrade" || fail "the upgrade failed: $(cat "$T/said")"
# shellcheck disable=SC2154 # waits sets it
wait "$another" || :
settled()
{
	api GET '/v1/operations?state=running' | jq -e '[.operations[] | select(.action == "upgrade")] == []'
}
case $(tail -n 1 "$T/another") in
*202) count=2 ;;
*409) count=1 ;;
*) fail "another upgrade was answered: $(cat "$T/another")" ;;
esac
wait_for 'no upgrade is open' settled
equal 'number of upgrades' "$count" "$(upgrades)"

same_time 'when a job is due' "$due" "$(api GET /v1/jobs/hourly | jq -r .next)"
expect 'what a hook has yet to tell' pending told 1
expect 'what another one has' pending seldom 1
equal 'it still runs' running "$(api GET '/v1/runs?kind=hook&name=told' | jq -r '.runs[0].state')"
all_stay
: >"$T/hook-may-end"
wait_for 'the other edge is told of' was_told 2
ended()
{
	[ "$(api GET '/v1/runs?kind=hook&name=told' | jq -r '.runs[] | "\(.outcome) \(.code)"' | xargs)" = 'exited 7 exited 7' ]
}
wait_for 'the hook has run twice' ended
: >"$T/enough"
equal 'how the run ended' 'exited 5' "$(api GET '/v1/runs/slow?wait=50s' | jq -r '"\(.outcome) \(.code)"')"
: >"$T/heard"
stopped=$(jq -r '.id? // empty' "$T/stop")
equal 'how the stop ended' 'done ok' "$(api GET "/v1/operations/$stopped?wait=50s" | jq -r '"\(.state) \(.result)"')"

# A shutdown while a program is tried.
mkfifo "$T/gate"
install_script <<E
#!/bin/sh
case " \$* " in
*' --can-take-up '*) : >$T/tried; read -r _ <$T/gate ;;
esac
exec $GOOD/ctdb-processd "\$@"
E
goes_on=$(grep -c 'another program goes on' "$LOG")
"$processctl" upgrade >"$T/said" 2>&1 &
upgrade=$!
remember "$upgrade"
wait_for 'the program is tried' test -e "$T/tried"
expect 'the shutdown is granted and done' "$processctl" shutdown
wait "$upgrade" && fail 'the upgrade is said to be done'
ends_in_order()
{
	wait_for 'the daemon ends' gone "$KEEPER"
	_code=0
	wait "$KEEPER" || _code=$?
	KEEPER=
	equal "the daemon's exit code" 0 "$_code"
	expect 'everything was stopped' grep -q 'everything is stopped' "$LOG"
}
ends_in_order
equal 'programs that went on' "$goes_on" "$(grep -c 'another program goes on' "$LOG")"

# And one that was asked for while no program is there.
: >"$LOG"
install "$GOOD/ctdb-processd"
BIN_DIR=$PROGRAMS start_daemon
wait_for 'a service is up' service_is leaf ready
install_one_that_pauses
"$processctl" upgrade >"$T/said" 2>&1 &
remember "$!"
wait_for 'nobody is there' test -e "$T/executing"
"$processctl" shutdown >"$T/said-shutdown" 2>&1 &
shutdown=$!
remember "$shutdown"
: >"$T/go"
wait "$shutdown" || fail "the shutdown failed: $(cat "$T/said-shutdown")"
ends_in_order
