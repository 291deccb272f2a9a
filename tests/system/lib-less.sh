# SPDX-License-Identifier: GPL-3.0-or-later
# lib-less.sh: sourced after lib.sh by tests that take abilities away. The main job is then still done, and each loss is named once.
#
# row NAME LOSSES WAY…       the daemon, started in that way (lib-less-ways.sh), does the main job with a service of two processes:
#                            start, ready, run, log, REST, SIGKILL of the manager with nothing lost, upgrade, stop with nothing left,
#                            orderly end. LOSSES: NAME=ERRNO for each ability that processctl doctor must call
#                            missing for that reason; those that the daemon itself uses are each named once in the log, too, with
#                            what is missing in this place anyway
# try_row NAME LOSSES WAY…   the same with a real ctdbd, by the steps of ./try
# OWNER                      uid of the daemon's directories, 0 unless set
# shellcheck shell=sh disable=SC2154 # T and others are lib.sh's
. "$TEST_DIR/lib-less-ways.sh"

need_root
need jq curl setpriv prlimit
service leaf <<'E'
[service]
command = ["sh", "-c", "setsid sleep 1001 & echo up; exec sleep 1000"]
start = "manual"
[service.ready]
output = "up"
E

# Those that the daemon itself uses, and so names. Of others a service may miss something, or not.
own_abilities='clone3|cgroup_v2|cgroup_kill|pidfd|close_range|subreaper|mlock_onfault|oom_protect|priority'

# names_of LOG: the abilities that it calls missing, one a line.
names_of()
{
	sed -n 's/.*an ability is missing.* ability=\([a-z0-9_]*\) .*/\1/p' "$1" | sort
}

# As the place has it.
find_baseline()
{
	[ -z "${baseline+x}" ] || return 0
	start_daemon
	stop_daemon
	baseline=$(names_of "$LOG")
}

# named_once NAME LOSSES LOG
named_once()
{
	_wanted=$(
		for _loss in $2; do echo "${_loss%=*}"; done | grep -xE "$own_abilities" || :
		echo "$baseline"
	)
	_wanted=$(echo "$_wanted" | grep . | sort -u || :)
	case $_wanted in # goes without saying
	*cgroup_v2*) _wanted=$(echo "$_wanted" | grep -vxE 'cgroup_kill|clone_into_cgroup' || :) ;;
	*clone3*) _wanted=$(echo "$_wanted" | grep -vx clone_into_cgroup || :) ;;
	esac
	equal "$1: what the log names" "$_wanted" "$(names_of "$3")"
}

# doctor_says NAME LOSSES
doctor_says()
{
	ctl doctor --json >"$T/doctor" || [ $? = 1 ] || fail "$1: doctor failed"
	for _loss in $2; do
		[ "${_loss%=*}" != cgroup_v2 ] || [ -n "$CGROUP" ] || continue # none to take away
		equal "$1: doctor about ${_loss%=*}" "false ${_loss#*=}" \
			"$(jq -r --arg name "${_loss%=*}" '.abilities[] | select(.name == $name) | "\(.has) \(.errno)"' "$T/doctor")"
	done
}

row()
{
	find_baseline
	_row=$1 _losses=$2
	shift 2
	find "$STATE" "$RUNTIME" -mindepth 1 -delete
	chown "${OWNER:-0}" "$STATE" "$RUNTIME"
	: >"$LOG"
	"$@" "$BIN_DIR/ctdb-processd" --foreground --config-dir "$CONFIG" --state-dir "$STATE" --runtime-dir "$RUNTIME" \
		>>"$LOG" 2>&1 </dev/null &
	KEEPER=$!
	wait_for "$_row: the API answers" answered_or_gone
	if gone "$KEEPER"; then fail "$_row: the daemon ended"; fi
	do_main_job "$_row"
	doctor_says "$_row" "$_losses"
	expect "$_row: it is shut down" ctl shutdown
	_code=0
	wait "$KEEPER" || _code=$?
	KEEPER=
	equal "$_row: exit code" 0 "$_code"
	named_once "$_row" "$_losses" "$LOG"
	echo "$_row: done without ${_losses:-nothing}"
}

said_up()
{
	ctl logs -s leaf | grep -q up
}

other_manager()
{
	[ "$(manager_pid)" != "$1" ]
}

do_main_job()
{
	expect "$1: the service starts" ctl start leaf
	expect "$1: it is ready" service_is leaf ready
	_main=$(field leaf .main.pid)
	_below=$(xargs <"/proc/$_main/task/$_main/children")
	_code=0
	ctl run -- sh -c 'echo out; echo err >&2; exit 7' >"$T/out" 2>"$T/err" || _code=$?
	equal "$1: a run" '7 out err' "$_code $(cat "$T/out") $(cat "$T/err")"
	wait_for "$1: its line is in the log" said_up
	equal "$1: REST" exited "$(api GET '/v1/runs?kind=adhoc' | jq -r '.runs[0].outcome')"
	api PUT /v1/runs/over '{"command": ["sh", "-c", "sleep 0.2; echo kept"]}' >/dev/null
	_manager=$(manager_pid)
	kill -KILL "$_manager"
	wait_for "$1: another manager serves" other_manager "$_manager"
	equal "$1: the service does not notice" "ready $_main" "$(field leaf '"\(.state) \(.main.pid)"')"
	equal "$1: the run is kept" 'exited kept' \
		"$(api GET '/v1/runs/over?wait=30s' | jq -r '.outcome + " " + (.tail[0].text | rtrimstr("\n"))')"
	expect "$1: it is upgraded" ctl upgrade
	equal "$1: nor does it notice that" "ready $_main" "$(field leaf '"\(.state) \(.main.pid)"')"
	expect "$1: the service stops" ctl stop leaf
	for _pid in $_main $_below; do expect "$1: $_pid is gone" gone "$_pid"; done
}

try_row()
{
	need ctdbd ctdb ip
	find_baseline
	_row=$1 _losses=$2
	shift 2
	mkdir -p "$T/try" "$T/bin"
	mount -t tmpfs -o mode=755 none "$T/try"
	ln -s "$BIN_DIR"/* "$T/bin/"
	rm "$T/bin/ctdb-processd"
	cat >"$T/bin/ctdb-processd" <<-E
		#!/bin/sh
		BIN_DIR=$BIN_DIR
		. "$TEST_DIR/lib-less-ways.sh"
		$* "$BIN_DIR/ctdb-processd" "\$@"
	E
	chmod 755 "$T/bin/ctdb-processd"
	env -u CTDB_PROCESSD_SOCKET TRY_DIR="$T/try" BIN_DIR="$T/bin" "$TEST_DIR/../../try" >"$T/said" 2>&1 || {
		cat "$T/said" "$T/try/log" >&2
		fail "$_row: ./try went wrong"
	}
	expect "$_row: ctdbd was ready" grep -q '^ctdbd  *ready' "$T/said"
	expect "$_row: the run was kept" grep -q 'done while the manager was away' "$T/said"
	expect "$_row: it ended in order" grep -q 'Everything is cleaned up' "$T/said"
	named_once "$_row" "$_losses" "$T/try/log"
}
