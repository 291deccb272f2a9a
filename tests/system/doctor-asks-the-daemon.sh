#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# processctl doctor tells what the daemon may do, not what processctl may; who asks while it is being found out gets an answer, also
# over the death of the manager; nothing of it is left; without a daemon it says so and tells of itself.
# test: asan
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-less-ways.sh"
need_root
need jq setpriv prlimit

settings <<'E'
[access]
read = { users = ["nobody"] }
E
# answer NAME JQ: of the ability, in $T/doctor
answer()
{
	jq -r --arg name "$1" '.abilities[] | select(.name == $name) | '"$2" "$T/doctor"
}
doctor()
{
	ctl doctor "$@" >"$T/doctor" 2>"$T/said" || [ $? = 1 ]
}

expect 'without a daemon it tells' doctor --json
equal 'of whom' processctl "$(jq -r .by "$T/doctor")"
expect 'and says so' grep -q 'this is what processctl itself may do' "$T/said"
equal 'its uid' 0 "$(jq .process.uid "$T/doctor")"

without close_range EPERM setpriv --bounding-set=-net_raw --inh-caps=-all "$BIN_DIR/ctdb-processd" --foreground --config-dir "$CONFIG" \
	--state-dir "$STATE" --runtime-dir "$RUNTIME" >>"$LOG" 2>&1 </dev/null &
KEEPER=$!
wait_for 'the API answers' answered_or_gone
expect 'with a daemon it asks' doctor --json
equal 'of whom' daemon "$(jq -r .by "$T/doctor")"
equal 'what the keeper was refused' 'false 1 Operation not permitted' "$(answer close_range '"\(.has) \(.errno) \(.reason)"')"
equal 'what its children are refused' 'false 1' "$(answer raw_sockets '"\(.has) \(.errno)"')"
equal 'whether it can be upgraded' true "$(answer upgrade .has)"
equal 'its capabilities' false "$(jq '.process.capabilities | contains(["net_raw"])' "$T/doctor")"
expect 'of itself it knows better' doctor --json --here
equal 'raw sockets' true "$(answer raw_sockets .has)"
equal 'an upgrade is not for it' null "$(answer upgrade .has)"
expect 'as a table' doctor
expect 'which explains' grep -A 3 -E '^raw_sockets +no +.* Operation not permitted' "$T/doctor"
expect 'what would mend it' grep -qx '    given by: CAP_NET_RAW' "$T/doctor"
expect 'somebody who may read may ask' setpriv --reuid=65534 --regid=65534 --clear-groups curl -sf --unix-socket "$SOCKET" \
	http://localhost/v1/abilities

# Eight at once, and the manager dies under them: each of them has its answer.
for i in 1 2 3 4 5 6 7 8; do
	(
		code=0
		ctl doctor --json >"$T/answer.$i" || code=$?
		echo "$code" >"$T/code.$i"
	) &
done
kill -KILL "$(manager_pid)"
all_done()
{
	[ "$(cat "$T"/code.* | wc -l)" = 8 ]
}
wait_for 'all have their answers' all_done
equal 'their codes' '1 1 1 1 1 1 1 1' "$(cat "$T"/code.* | xargs)"
for i in 1 2 3 4 5 6 7 8; do equal "answer $i" daemon "$(jq -r .by "$T/answer.$i")"; done
no_runs()
{
	api GET '/v1/runs?limit=100' | jq -e '[.runs[] | select(.state != "ended")] == []'
}
wait_for 'nothing of it runs' no_runs
stop_daemon
