#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib-deaths.sh: sourced after lib.sh by tests in which the manager dies. It has deeds: things that somebody asks of the
# daemon, during which the manager is to die, and what must be true afterwards, whenever that was.
#
# A deed is called NAME: do_NAME ID does it, see_NAME ID judges it (again and again, in the life of every manager), and
# undo_NAME ID, where there is one, makes the next deed possible. ID is new each time.
#
# CRASH            holds the name of the crash point at which the manager is to die next
# SINK             the file that captured lines are written to
# ask METHOD PATH [BODY]   like api, but asks again until there is an answer; 400 and more fail, except 503
# set_services     writes a configuration that all deeds need
# open_daemon      starts a daemon with a log of its own
# close_daemon     judges what is left of its life (see audit) and stops it
# die_during DEED POINT    does the deed with the manager dying at that point, and judges it
# try_during DEED POINT    the same where the deed may not lead to the point; counts in _reached where it did
# fulfil DEED POINT…       each of them, with a fresh daemon where the keeper would wait long before the next manager
# audit            nothing is lost, open, twice, or left with the keeper, and the manager died as often as it was to

CRASH=$T/daemon/crash
SINK=$T/daemon/lines
DATA=$T/daemon/data
export CTDB_PROCESSD_CRASH_FILE="$CRASH"
mkdir -p "$DATA"
chmod 777 "$DATA"
_daemons=0 # started
_deaths=0  # of the present daemon's managers
_deeds=0
_reached=0

ask()
{
	_until=$(($(date +%s) + WAIT))
	while :; do
		_answer=$(status_of "$@" 2>"$T/curl") || _answer=none
		case $_answer in
		2*) break ;;
		none | 503) [ "$(date +%s)" -lt "$_until" ] || fail "no answer to $1 $2: $(cat "$T/curl")" ;;
		*) fail "$1 $2 was answered with $_answer: $(cat "$T/reply")" ;;
		esac
		sleep 0.02
	done
	cat "$T/reply"
}

# As in lib.sh, but a manager may die over it.
field()
{
	ask GET "/v1/services/$1" | jq -r "$2"
}

set_services()
{
	settings <<-E
		[[logs.sink]]
		kind = "file"
		path = "$SINK"
	E
	service quiet <<-E
		[service]
		command = ["sleep", "1000"]
	E
	service leaf <<-E
		[service]
		command = ["sleep", "1000"]
		[service.restart]
		delay = "0s"
	E
	# Every kind of run that a service can have, each after a look-up of its user.
	service whole <<-E
		[service]
		command = ["sh", "-c", "echo \$\$ >$DATA/whole; exec sleep 1000"]
		user = "nobody"
		pre_start = [["rm", "-f", "$DATA/whole"], ["touch", "$DATA/prepared"]]
		post_stop = [["rm", "$DATA/prepared"]]
		[service.ready]
		command = ["test", "-s", "$DATA/whole"]
		every = "50ms"
		[service.stop]
		command = ["sh", "-c", "kill \$(cat $DATA/whole)"]
	E
	service tells <<-E
		[service]
		command = ["sh", "-c", "sleep 0.1; echo now ready; exec sleep 1000"]
		[service.ready]
		output = "now ready"
	E
	service base <<-E
		[service]
		command = ["sleep", "1000"]
		service_groups = ["pair"]
	E
	service dependent <<-E
		[service]
		command = ["sleep", "1000"]
		service_groups = ["pair"]
		requires = ["base"]
	E
	_services='quiet leaf whole tells base dependent'
}

all_ready()
{
	# shellcheck disable=SC2086 # a list of names
	for _name in $_services; do
		service_is "$_name" ready || return 1
	done
}

open_daemon()
{
	_daemons=$((_daemons + 1))
	_deaths=0
	LOG=$T/daemon/log-$_daemons
	: >"$LOG"
	start_daemon
	wait_for 'all services are ready' all_ready
	_quiet=$(field quiet .main.pid)
}

close_daemon()
{
	audit
	stop_daemon
}

# The log of the keeper says of each manager how it ended; only SIGKILL is expected.
count_deaths()
{
	grep -c 'manager ended.*signal 9' "$LOG" || :
}

idle()
{
	api GET /v1/system >"$T/system"
	[ "$(jq -r '"\(.counts.operations_open) \(.counts.runs_active)"' "$T/system")" = "0 $(jq '.counts.services_ready' "$T/system")" ]
}

# serves N: has the Nth manager of this keeper taken over?
serves()
{
	grep -q "manager serves.*incarnation=$1 " "$LOG" && api GET /v1/system
}

audit()
{
	wait_for 'nothing is under way but services' idle
	ask GET '/v1/runs?limit=1000' >"$T/runs"
	equal 'runs that occur twice' '' "$(jq -r '.runs[].id' "$T/runs" | sort | uniq -d)"
	equal 'runs that are lost' '[]' "$(jq -c '[.runs[] | select(.outcome == "lost") | .id]' "$T/runs")"
	equal 'pid of the service that nobody touched' "$_quiet" "$(field quiet .main.pid)"
	# What is left with the keeper is what the next manager takes up.
	_ready=$(jq '.counts.services_ready' "$T/system")
	kill -KILL "$(jq .manager.pid "$T/system")"
	_deaths=$((_deaths + 1))
	wait_for 'the next manager serves' serves $((_deaths + 1))
	equal 'what the last manager took up' "$_ready" \
		"$(sed -n "s/.*manager serves.*incarnation=$((_deaths + 1)) .*taken_up=\([0-9]*\).*/\1/p" "$LOG")"
	equal 'deaths of managers' "$_deaths" "$(grep -c 'manager ended' "$LOG")"
	equal 'deaths of managers by SIGKILL' "$_deaths" "$(count_deaths)"
	refuse 'a sanitizer complained' grep -E 'Sanitizer|runtime error:' "$LOG"
}

crashed()
{
	[ ! -e "$CRASH" ]
}

arm()
{
	printf '%s' "$1" >"$CRASH.new"
	mv "$CRASH.new" "$CRASH"
}

begin_deed()
{
	_deeds=$((_deeds + 1))
	_id=$1-$_deeds
	arm "$2"
	"do_$1" "$_id"
	"see_$1" "$_id"
}

# After the manager's death: what was judged in its life is still so in the next one's.
see_again()
{
	_deaths=$((_deaths + 1))
	wait_for 'the next manager serves' serves $((_deaths + 1))
	"see_$1" "$_id"
}

end_deed()
{
	if command -v "undo_$1" >/dev/null; then "undo_$1" "$_id"; fi
}

die_during()
{
	begin_deed "$1" "$2"
	wait_for "the manager dies at $2 during $1" crashed
	see_again "$1"
	end_deed "$1"
}

try_during()
{
	begin_deed "$1" "$2"
	if ! mv "$CRASH" "$CRASH.not" 2>/dev/null; then
		_reached=$((_reached + 1))
		see_again "$1"
	fi
	end_deed "$1"
}

fulfil()
{
	_deed=$1
	shift
	for _point; do
		if [ "$_deaths" -ge 5 ]; then # the keeper waits twice as long after each
			close_daemon
			open_daemon
		fi
		die_during "$_deed" "$_point"
	done
}

. "$TEST_DIR/lib-deeds-of-runs.sh"
. "$TEST_DIR/lib-deeds-of-services.sh"
. "$TEST_DIR/lib-deeds-of-the-daemon.sh"
