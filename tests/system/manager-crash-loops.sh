#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A manager that dies again and again, as soon as it is started: services go on undisturbed, connections to the API wait
# instead of being refused, the keeper tries again after longer and longer pauses, and all is well once a manager lives.
# An orderly stop needs none.
. "$(dirname "$0")/lib.sh"

# Takes the place of the manager: while there is $T/broken it notes when it was started and dies.
cat >"$T/manager" <<E
#!/bin/sh
[ ! -e "$T/broken" ] || {
	date +%s%3N >>"$T/starts"
	kill -KILL \$\$
}
exec "$BIN_DIR/ctdb-processd-manager" "\$@"
E
chmod 755 "$T/manager"
# The manager looks for its helper beside its own program, which stays where it is.
export CTDB_PROCESSD_MANAGER="$T/manager"
settings <<'E'
stop_budget = "2s"
E
service leaf <<'E'
[service]
command = ["sleep", "1000"]
E
service talks <<'E'
[service]
command = ["sh", "-c", "n=0; while :; do n=$((n + 1)); echo line $n; sleep 0.05; done"]
E
start_daemon
both_ready()
{
	service_is leaf ready && service_is talks ready
}
wait_for 'the services are up' both_ready
leaf=$(field leaf .main.pid)
talks=$(field talks .main.pid)
run=$(field talks .main.run)

# loop STARTS: lets managers die until the keeper has tried so many times.
loop()
{
	: >"$T/starts"
	touch "$T/broken"
	kill -KILL "$(manager_pid)"
	wait_for 'the keeper has tried often enough' tried "$1"
}
tried()
{
	[ "$(wc -l <"$T/starts")" -ge "$1" ]
}

loop 6
# At once after the first short life, the real manager's; then after 100 ms, doubled each time.
before=
pause=100
while read -r start; do
	if [ -n "$before" ]; then
		[ $((start - before)) -ge $((pause - 5)) ] ||
			fail "a manager was started $((start - before)) ms after the one before, instead of $pause"
		pause=$((pause * 2))
	fi
	before=$start
done <"$T/starts"

# The socket takes connections, and requests wait in them for a manager: a refusal would be 7, this is curl's timeout.
code=0
curl -s --max-time 0.5 --unix-socket "$SOCKET" http://localhost/v1/system >/dev/null || code=$?
equal "curl's exit code while there is no manager" 28 "$code"
api PUT '/v1/runs/meanwhile?wait=30s' '{"command": ["sh", "-c", "exit 5"]}' >"$T/run" &
request=$!
for pid in $leaf $talks; do
	if gone "$pid"; then fail "service process $pid did not outlive the managers"; fi
done

rm "$T/broken"
expect 'the request that waited is answered' wait "$request"
equal 'what became of it' exited5 "$(jq -r '.outcome + (.code | tostring)' "$T/run")"
equal 'pids of the services' "$leaf $talks" "$(field leaf .main.pid) $(field talks .main.pid)"
equal 'restarts of the services' '0 0' "$(field leaf .restarts) $(field talks .restarts)"
api GET "/v1/runs/$run" >"$T/run"
equal 'output that was lost meanwhile' 0 "$(jq '.stdout.dropped + .stderr.dropped' "$T/run")"
jq -j '.tail[].text' "$T/run" >"$T/said"
equal 'what the service said' "$(seq -f 'line %.0f' "$(wc -l <"$T/said")")" "$(cat "$T/said")"

touch "$T/broken"
kill -KILL "$(manager_pid)"
kill -TERM "$KEEPER"
wait_for 'the daemon ends without a manager' gone "$KEEPER"
code=0
wait "$KEEPER" || code=$?
KEEPER=
equal 'its exit code' 1 "$code"
for pid in $leaf $talks; do
	gone "$pid" || fail "service process $pid is left"
done
