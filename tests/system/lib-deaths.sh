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

# ---- deeds: runs ----

# put ID BODY: asks for the run. put_again ID: the same once more is the same run.
put()
{
	printf '%s' "$2" >"$DATA/body-$1"
	ask PUT "/v1/runs/$1" "$2" >/dev/null
}

put_again()
{
	_number=$(ask GET "/v1/runs/$1" | jq .number)
	equal "number of $1, asked for again" "$_number" "$(ask PUT "/v1/runs/$1" "$(cat "$DATA/body-$1")" | jq .number)"
}

shell()
{
	jq -nc --arg script "$1" '{command: ["sh", "-c", $script]}'
}

# ended ID OUTCOME CODE SIGNAL STDOUT [STDERR]: how a run ended and what it said, which the sink must have, too.
ended()
{
	ask GET "/v1/runs/$1?wait=30s" >"$T/run"
	equal "how $1 ended" "$2 $3 $4" "$(jq -r '"\(.outcome) \(.code) \(.signal)"' "$T/run")"
	equal "stdout of $1" "$5" "$(jq -j '.tail[] | select(.stream == "stdout").text' "$T/run")"
	equal "stderr of $1" "${6-}" "$(jq -j '.tail[] | select(.stream == "stderr").text' "$T/run")"
	equal "bytes of stdout of $1" "$(printf '%s' "$5${5:+.}" | wc -c)" "$(jq .stdout.bytes "$T/run")"
	wait_for "the lines of $1 are in the sink" sunk "$1" "$5"
	put_again "$1"
}

# Each line at least once.
sunk()
{
	printf '%s' "$2${2:+
}" | sort -u >"$T/wanted"
	sed -n "s/^.* run\[$1\] stdout: //p" "$SINK" | sort -u | cmp - "$T/wanted"
}

do_finish()
{
	put "$1" "$(shell 'echo out; echo err >&2; exit 7')"
}
see_finish()
{
	ended "$1" exited 7 null out err
}

do_lookup()
{
	put "$1" '{"command": ["sh", "-c", "id -un; cat"], "user": "nobody", "stdin": "data\n"}'
}
see_lookup()
{
	ended "$1" exited 0 null 'nobody
data'
}

# shellcheck disable=SC2016 # expanded by the run's shell
do_talk()
{
	put "$1" "$(shell 'for i in 1 2 3 4 5; do seq "${i}00" "${i}99"; sleep 0.02; done')"
}
see_talk()
{
	ended "$1" exited 0 null "$(seq 100 599)"
}

# Two that outlive their timeout: one ends when it is told to, once; the other has to be killed.
do_polite()
{
	put "$1" "$(shell 'exec 2>/dev/null; trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.05; done' | jq -c '.timeout_ms = 700')"
}
see_polite()
{
	ended "$1" timed_out 3 null "up
bye"
}

do_stubborn()
{
	put "$1" "$(shell 'exec 2>/dev/null; trap "" TERM; echo up; sleep 1000 & while :; do sleep 1000; done' |
		jq -c '.timeout_ms = 500 | .stop_timeout_ms = 100')"
}
see_stubborn()
{
	ended "$1" timed_out null SIGKILL up
}

do_cancel()
{
	put "$1" "$(shell 'exec 2>/dev/null; trap "echo bye; exit 4" TERM; echo up; while :; do sleep 0.05; done')"
	wait_for "$1 is up" says_up "$1"
	ask DELETE "/v1/runs/$1" >/dev/null
}
says_up()
{
	api GET "/v1/runs/$1" | jq -e '.tail[].text == "up\n"'
}
see_cancel()
{
	ended "$1" cancelled 4 null "up
bye"
}

# Cancelled before it has begun: both requests are there at once. What both were answered is not asked for again.
withdraw()
{
	printf '%s' "$2" >"$DATA/body-$1"
	{
		printf 'PUT /v1/runs/%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' "$1"
		printf 'Content-Length: %s\r\n\r\n%s' "${#2}" "$2"
		printf 'DELETE /v1/runs/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' "$1"
	} >"$T/requests"
	perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new($ARGV[0]) or die "connect: $!"; local $/; print $s <STDIN>;
		$s->flush; print <$s>' "$SOCKET" <"$T/requests" >"$T/replies" 2>/dev/null || :
	[ "$(grep -c '^HTTP/1.1 20' "$T/replies")" = 2 ] || {
		put "$1" "$2"
		ask DELETE "/v1/runs/$1" >/dev/null
	}
}
do_withdraw()
{
	withdraw "$1" '{"command": ["sleep", "1000"]}'
}
see_withdraw()
{
	ask GET "/v1/runs/$1?wait=30s" >"$T/run"
	equal "how $1 ended" cancelled "$(jq -r .outcome "$T/run")"
	put_again "$1"
}
do_forgo()
{
	withdraw "$1" '{"command": ["sleep", "1000"], "user": "nobody"}'
}
see_forgo()
{
	see_withdraw "$1"
}

# Leaves a process behind that has left the session.
do_leave()
{
	put "$1" "$(shell "setsid sleep 1000 >/dev/null 2>&1 & echo \$! >$DATA/left-$1")"
}
see_leave()
{
	ended "$1" exited 0 null ''
	wait_for "what $1 left behind is gone" gone "$(cat "$DATA/left-$1")"
}

do_missing()
{
	put "$1" '{"command": ["/no/such/command"]}'
}
see_missing()
{
	ended "$1" spawn_failed null null ''
}

# ---- deeds: services ----

# operate ACTION NAME: an operation that somebody asks for; its id is kept, and what the service was before.
operate()
{
	field "$2" .main.pid >"$DATA/before"
	ask POST "/v1/services/$2/$1" | jq -r .id >"$DATA/operation"
}

# done_so NAME STATE: the operation has ended well, and the service is as it should be.
done_so()
{
	ask GET "/v1/operations/$(cat "$DATA/operation")?wait=30s" >"$T/operation"
	equal "the operation on $1" 'done ok' "$(jq -r '"\(.state) \(.result)"' "$T/operation")"
	equal "the state of $1" "$2" "$(field "$1" .state)"
	_before=$(cat "$DATA/before")
	[ "$_before" = null ] || gone "$_before" || fail "process $_before of $1 is left"
}

do_restart()
{
	operate restart leaf
}
see_restart()
{
	done_so leaf ready
}
do_restart_whole()
{
	operate restart whole
}
see_restart_whole()
{
	done_so whole ready
	expect 'what pre_start made is there' test -e "$DATA/prepared"
}
do_restart_tells()
{
	operate restart tells
}
see_restart_tells()
{
	done_so tells ready
}

# Takes the dependent along.
do_restart_base()
{
	field dependent .main.pid >"$DATA/dependent"
	operate restart base
}
see_restart_base()
{
	done_so base ready
	wait_for 'the dependent is ready again' service_is dependent ready
	expect 'the dependent was restarted, too' gone "$(cat "$DATA/dependent")"
}

# Both at once, the dependent first down and last up.
do_restart_group()
{
	field base .main.pid >"$DATA/before"
	field dependent .main.pid >"$DATA/dependent"
	ask POST /v1/groups/pair/restart | jq -r .id >"$DATA/operation"
}
see_restart_group()
{
	done_so base ready
	equal 'the parts' 'done ok,done ok' \
		"$(for _part in $(jq -r '.parts[]' "$T/operation"); do ask GET "/v1/operations/$_part" | jq -r '"\(.state) \(.result)"'; done | paste -sd,)"
	equal 'the state of the dependent' ready "$(field dependent .state)"
	expect 'the dependent was restarted, too' gone "$(cat "$DATA/dependent")"
}
do_down_group()
{
	field base .main.pid >"$DATA/before"
	field dependent .main.pid >"$DATA/dependent"
	ask POST /v1/groups/pair/stop | jq -r .id >"$DATA/operation"
}
see_down_group()
{
	done_so base stopped
	equal 'the state of the dependent' stopped "$(field dependent .state)"
	equal 'what is wanted' 'down down' "$(field base .wanted) $(field dependent .wanted)"
}
undo_down_group()
{
	ask POST '/v1/groups/pair/start?wait=30s' | jq -r .id >"$DATA/operation"
	ask GET "/v1/operations/$(cat "$DATA/operation")?wait=30s" >"$T/operation"
	equal 'the start' ok "$(jq -r .result "$T/operation")"
}

do_down()
{
	operate stop leaf
}
see_down()
{
	done_so leaf stopped
	equal 'what is wanted' down "$(field leaf .wanted)"
}
undo_down()
{
	do_up && see_up
}
do_up()
{
	operate start leaf
}
see_up()
{
	done_so leaf ready
}

do_down_up()
{
	do_down
	see_down
	do_up
}
see_down_up()
{
	see_up
}

# The main process dies by itself.
do_fall()
{
	field leaf .main.pid >"$DATA/before"
	kill -KILL "$(cat "$DATA/before")"
}
see_fall()
{
	wait_for 'the service is up again' service_is_new leaf "$(cat "$DATA/before")"
}

# ---- deeds: the daemon ----

# A service comes over the API. Asked for again it is the same.
declare_service()
{
	ask PUT "/v1/services/$1" '{"service": {"command": ["sleep", "1000"], "requires": ["quiet"]}}' >/dev/null
}

# Until it is not there: whoever lost the answer finds that it was removed.
drop_service()
{
	until [ "$(status_of DELETE "/v1/services/$1?wait=30s" 2>"$T/curl" || :)" = 404 ]; do
		[ "$(jq -r '.status? // .state' "$T/reply")" != 409 ] || fail "$1 cannot be removed: $(cat "$T/reply")"
		sleep 0.02
	done
}

do_declare()
{
	declare_service "$1"
}
see_declare()
{
	wait_for 'the declared service is ready' service_is "$1" ready
	equal 'who declared it' 'uid 0 (curl' "$(field "$1" .transient.by | cut -d, -f1)"
	equal 'once more' unchanged "$(ask PUT "/v1/services/$1" '{"service": {"requires": ["quiet"], "command": ["sleep", "1000"]}}' | jq -r .result)"
}
undo_declare()
{
	drop_service "$1"
}

do_remove()
{
	mv "$CRASH" "$CRASH.later" # the manager is to die later
	declare_service "$1"
	wait_for 'the declared service is ready' service_is "$1" ready
	field "$1" .main.pid >"$DATA/removed-$1"
	mv "$CRASH.later" "$CRASH"
	drop_service "$1"
}
see_remove()
{
	equal 'the removed service' 404 "$(status_of GET "/v1/services/$1")"
	wait_for 'its process is gone' gone "$(cat "$DATA/removed-$1")"
	equal 'what is set aside' '[]' "$(ask GET /v1/system | jq -c .config.transient_set_aside)"
}

do_reload()
{
	service "added-$1" <<-E
		[service]
		command = ["sleep", "1000"]
	E
	ask POST /v1/reload >/dev/null
}
see_reload()
{
	wait_for 'the added service is ready' service_is "added-$1" ready
}
undo_reload()
{
	rm "$CONFIG/added-$1.toml"
	ask POST /v1/reload >/dev/null
	ask POST "/v1/services/added-$1/stop" >/dev/null
}

# A manager dies, and so does the next one on its way to take over.
do_take_over()
{
	field leaf .main.pid >"$DATA/before"
	mv "$CRASH" "$CRASH.later" # it is not this manager that is to die there
	put "$1" "$(shell "echo before; until [ -e $DATA/go-$1 ]; do sleep 0.05; done; echo after; exit 5")"
	_pid=$(ask GET /v1/system | jq .manager.pid)
	mv "$CRASH.later" "$CRASH"
	kill -KILL "$_pid"
	_deaths=$((_deaths + 1))
	: >"$DATA/go-$1" # its end is for those to come
}
see_take_over()
{
	ended "$1" exited 5 null "before
after"
	equal 'pid of a service' "$(cat "$DATA/before")" "$(field leaf .main.pid)"
}
