#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manager is killed at random instants while clients ask for runs and operators restart services. Each run that was
# asked for has one record, with all it said, and was done once; services that nobody touched have their pids.
# KILLS says how often; SEED repeats the instants (what falls on them differs all the same).
# test: asan timeout=300
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-deaths.sh"

if grep -q __asan_init "$BIN_DIR/ctdb-processd-manager"; then usual=20; else usual=200; fi
KILLS=${KILLS:-$usual}
SEED=${SEED:-$(date +%s)}
echo "KILLS=$KILLS SEED=$SEED"
WAIT=60
export CTDB_PROCESSD_NO_BACK_OFF=1
set_services
open_daemon

# A client of its own name asks for runs until there is $T/enough. What must come of them is written to $T/asked-NAME:
# id, outcome, code, first and last number said.
client()
{
	T=$T/$1
	mkdir -p "$T/daemon"
	_runs=0
	while [ ! -e "$DATA/enough" ]; do
		_runs=$((_runs + 1))
		_id=$1-$_runs
		_code=$((_runs % 256))
		_first=$((_runs * 100))
		case $((_runs % 5)) in
		0) # of another user, cancelled by nobody, outlives its timeout
			_how="timed_out $_code"
			_body=$(shell "trap 'exit $_code' TERM; seq $_first $((_first + 9)); while :; do sleep 0.05; done" |
				jq -c '.timeout_ms = 300 | .user = "nobody"')
			;;
		1) # cancelled once it has said all it has to say
			_how="cancelled $_code"
			_body=$(shell "trap 'exit $_code' TERM; seq $_first $((_first + 9)); while :; do sleep 0.05; done")
			;;
		*)
			_how="exited $_code"
			_body=$(shell "seq $_first $((_first + 4)); sleep 0.0$((_runs % 10)); seq $((_first + 5)) $((_first + 9)); exit $_code")
			;;
		esac
		echo "$_id $_how $_first" >>"$DATA/asked-$1"
		ask PUT "/v1/runs/$_id" "$_body" >"$T/put"
		if [ $((_runs % 5)) = 1 ]; then
			wait_for "$_id has said all" says "$_id" $((_first + 9))
			ask DELETE "/v1/runs/$_id" >/dev/null
		fi
		ask GET "/v1/runs/$_id?wait=30s" >"$T/ended"
		[ "$(jq -r .state "$T/ended")" = ended ] || fail "$_id does not end: $(cat "$T/ended")"
	done
}
says()
{
	api GET "/v1/runs/$1" | jq -e --arg last "$2" '[.tail[].text] | join("") | endswith($last + "\n")'
}

# An operator restarts a service, again and again; each restart that was promised ends well.
operator()
{
	DATA=$T/operator
	T=$DATA
	mkdir -p "$T/daemon"
	_restarts=0
	while [ ! -e "$1" ]; do
		for _name in leaf whole; do
			operate restart "$_name"
			done_so "$_name" ready
			_restarts=$((_restarts + 1))
		done
	done
	echo "$_restarts" >"$T/restarts"
}

workers=
for name in one two three; do
	client "$name" &
	workers="$workers $!"
done
operator "$DATA/enough" &
workers="$workers $!"

# wait_quickly COMMAND…: with less time between looks than wait_for.
wait_quickly()
{
	_deadline=$(($(date +%s) + WAIT))
	until "$@"; do
		[ "$(date +%s)" -lt "$_deadline" ] || fail "waited $WAIT s in vain for manager $((_deaths + 1))"
		sleep 0.01
	done
}
started()
{
	tail -n 100 "$LOG" | grep -q "manager started.*incarnation=$1\$"
}
taken_over()
{
	tail -n 100 "$LOG" | grep -q "manager serves.*incarnation=$1 "
}

# Three of four are killed up to 50 ms after they began to serve, the others up to 50 ms after their start.
awk -v seed="$SEED" -v kills="$KILLS" 'BEGIN { srand(seed)
	for (i = 0; i < kills; ++i) printf "%s %.3f\n", rand() < 0.75 ? "taken_over" : "started", rand() * 0.05 }' >"$T/instants"
while read -r what delay; do
	wait_quickly "$what" $((_deaths + 1))
	sleep "$delay"
	kill -KILL "$(sed -n "s/.*manager started pid=\([0-9]*\) incarnation=$((_deaths + 1))\$/\1/p" "$LOG")"
	_deaths=$((_deaths + 1))
done <"$T/instants"
wait_quickly taken_over $((_deaths + 1))
touch "$DATA/enough"
for worker in $workers; do
	expect 'a client got all that it was promised' wait "$worker"
done

# Each run that was asked for.
cat "$DATA"/asked-* >"$T/asked"
while read -r id outcome code first; do
	api GET "/v1/runs/$id" >"$T/run"
	equal "how $id ended" "$outcome $code" "$(jq -r '"\(.outcome) \(.code)"' "$T/run")"
	equal "what $id said" "$(seq "$first" $((first + 9)))" "$(jq -j '.tail[] | select(.stream == "stdout").text' "$T/run")"
	seq -f "run[$id] stdout: %.0f" "$first" $((first + 9)) >>"$T/lines"
done <"$T/asked"
sort "$T/lines" >"$T/wanted"
sunk_all()
{
	sed -n 's/^[^ ]* \(run\[[^]]*\] stdout: .*\)/\1/p' "$SINK" | sort -u | diff - "$T/wanted"
}
wait_for 'each line is in the sink' sunk_all
echo "$KILLS kills, $(wc -l <"$T/asked") runs, $(cat "$T/operator/restarts") restarts"
close_daemon
