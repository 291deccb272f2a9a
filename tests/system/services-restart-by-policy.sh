#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Restarts: policies and success codes, the delay that doubles up to its cap, with jitter, and begins anew after health, the
# burst limit, a command that cannot be spawned yet. A delay goes on over the death of the manager, and so does what an
# operator wanted.
# test: asan
. "$(dirname "$0")/lib.sh"

# ends NAME COMMAND LINES: a service around a shell command.
ends()
{
	service "$1" <<E
[service]
command = ["sh", "-c", "$2"]
[service.restart]
jitter_percent = 0
$3
E
}

# The delays so far, as the log has them.
delays()
{
	sed -n "s/.*service=$1 .*to=backoff .*restart after \([0-9a-z]*\)\".*/\1/p" "$LOG" | xargs
}

# began NAME N: have N delays of it begun?
began()
{
	[ "$(delays "$1" | wc -w)" -ge "$2" ]
}

# at_least NAME MS: did each start but the first come so long after the end before it?
at_least()
{
	api GET "/v1/runs?name=$1&kind=service&limit=100" | jq -e --argjson ms "$2" '
		def us: (.[0:19] + "Z" | fromdate) * 1000000 + (.[20:26] | tonumber);
		[.runs | sort_by(.created) | range(1; length) as $i | (.[$i].created | us) - (.[$i - 1].ended | us)]
		| length > 0 and all(. >= $ms * 1000)'
}

next_at()
{
	field "$1" '.next | "\(.action) \(.at[0:18])"'
}

ends always 'exit 0' 'policy = "always"
delay = "50ms"'
ends success 'exit 0' 'policy = "on-failure"'
ends code 'exit 75' 'success_codes = [0, 75]'
ends never 'exit 1' 'policy = "never"'
ends signal 'ulimit -c 0; kill -SEGV $$' 'delay = "1h"
max_delay = "2h"'
ends doubling 'exit 1' 'delay = "100ms"
max_delay = "400ms"'
ends burst 'exit 1' 'delay = "10ms"
burst = 3
burst_window = "1h"'
ends soon 'exit 1' 'delay = "4s"'
ends down 'sleep 1000' ''
ends up 'sleep 1000' ''
sed -i 's/^command/start = "manual"\n&/' "$CONFIG/up.toml"
service jitter <<E
[service]
command = ["false"]
[service.restart]
delay = "100ms"
max_delay = "100ms"
jitter_percent = 100
E
service health <<E
[service]
command = ["sh", "-c", "if [ -e $T/healthy ]; then exec sleep 1000; else exit 1; fi"]
[service.restart]
delay = "100ms"
jitter_percent = 0
reset_after = "200ms"
E
service later <<E
[service]
command = ["$T/later"]
[service.restart]
delay = "100ms"
max_delay = "100ms"
E
start_daemon

# Policies.
wait_for 'always comes back after success' began always 2
wait_for 'success is done' service_is success stopped
equal 'why' 'its process exited with code 0, which counts as success' "$(field success .reason)"
wait_for 'code is done' service_is code stopped
equal 'why' 'its process exited with code 75, which counts as success' "$(field code .reason)"
wait_for 'never has failed' service_is never failed
equal 'why' 'its process exited with code 1, and its restart policy is never' "$(field never .reason)"
wait_for 'signal is a failure' service_is signal backoff
expect 'why' sh -c "'$BIN_DIR/processctl' status signal | grep -q 'killed by SIGSEGV.*restarts in'"

# The delay.
wait_for 'doubling was tried five times' began doubling 5
equal 'its delays' '100ms 200ms 400ms 400ms 400ms' "$(delays doubling | cut -d ' ' -f 1-5)"
expect 'no restart came too soon' at_least doubling 100
wait_for 'jitter was tried eight times' began jitter 8
expect 'no delay is shorter' at_least jitter 100
[ "$(delays jitter | tr ' ' '\n' | sort -u | wc -l)" -gt 1 ] || fail "no jitter in $(delays jitter)"
wait_for 'health failed thrice' began health 3
equal 'its delays' '100ms 200ms 400ms' "$(delays health | cut -d ' ' -f 1-3)"
: >"$T/healthy"
wait_for 'health is healthy' sh -c "curl -s --unix-socket $SOCKET http://localhost/v1/services/health |
	jq -e '.state == \"ready\" and (.ready_since[0:19] + \"Z\" | fromdate) + 2 < now'"
before=$(delays health | wc -w)
rm "$T/healthy"
kill -KILL "$(field health .main.pid)"
wait_for 'health failed again' began health $((before + 1))
equal 'its delay begins anew' 100ms "$(delays health | cut -d ' ' -f $((before + 1)))"

# The burst limit holds until somebody starts it.
wait_for 'burst has failed' service_is burst failed
equal 'why' 'it was started 3 times within 1h, which is its burst limit; it ended last: exited with code 1' "$(field burst .reason)"
equal 'its restarts' 2 "$(field burst .restarts)"
equal 'its starts' 3 "$(api GET '/v1/runs?name=burst&kind=service' | jq '.runs | length')"
ctl start burst >"$T/start" 2>&1 || :
wait_for 'an operator may start it again' sh -c "[ \$(curl -s --unix-socket $SOCKET 'http://localhost/v1/runs?name=burst&kind=service' |
	jq '.runs | length') = 6 ]"

# A command that is not there yet.
wait_for 'later was tried twice' began later 2
equal 'why' "could not start: exec: No such file or directory: there is no \"$T/later\", or no interpreter as its first line names" "$(field later .last.sentence)"
printf '#!/bin/sh\nexec sleep 1000\n' >"$T/later.new"
chmod 755 "$T/later.new"
mv "$T/later.new" "$T/later"
wait_for 'later has come' service_is later ready

# Over the death of the manager: delays go on, wishes hold.
expect 'down stops' ctl stop down
expect 'up starts' ctl start up
up=$(field up .main.pid) next=$(next_at signal)
wait_for 'soon waits' service_is soon backoff
for _ in 1 2; do
	manager=$(manager_pid)
	kill -KILL "$manager"
	expect 'the next manager answers' api GET /v1/system
done
equal 'the time of the restart' "$next" "$(next_at signal)"
equal 'its restarts' '0 1' "$(field signal '"\(.restarts) \(.failures)"')"
equal 'what was stopped' 'stopped down' "$(field down '"\(.state) \(.wanted)"')"
equal 'what was started' "ready up $up" "$(field up '"\(.state) \(.wanted) \(.main.pid)"')"
wait_for 'soon was restarted' sh -c "[ \$(curl -s --unix-socket $SOCKET http://localhost/v1/services/soon | jq .restarts) -ge 1 ]"
expect 'but not too soon' at_least soon 4000

# An operator does not wait, and has the last word.
before=$(api GET '/v1/runs?name=signal&kind=service' | jq '.runs | length')
ctl start signal >"$T/start" 2>&1 || :
equal 'started at once' $((before + 1)) "$(api GET '/v1/runs?name=signal&kind=service' | jq '.runs | length')"
wait_for 'signal waits again' service_is signal backoff
equal 'its first failure' 1 "$(field signal .failures)"
expect 'signal stops' ctl stop signal
equal 'it stays' 'stopped down null' "$(field signal '"\(.state) \(.wanted) \(.next)"')"
stop_daemon
