#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib.sh: sourced first by every system test, as  . "$(dirname "$0")/lib.sh"
#
# A test is a POSIX script named after the behaviour it shows; it runs under set -eu and passes by reaching its end. ctest
# gives it BIN_DIR; by hand: BIN_DIR=build/bin tests/system/NAME.sh. Where it can it runs in its own pid, mount and network
# namespaces (lo is up), as pid 1: all it started is gone when it ends, however it ends. Elsewhere the processes below the
# daemon and those given to remember are killed by pid.
#
# Variables   T a private directory, removed at the end; CONFIG, STATE, RUNTIME the directories of the daemon, in it; SOCKET its
#             API; KEEPER the keeper's pid; LOG what the daemon wrote to stderr and stdout; WAIT seconds that wait_for
#             waits, 30 unless set; PATIENCE seconds that a request may take, 60 unless set; CGROUP the test's own
#             cgroup v2 directory, which the daemon makes its cgroups in, or empty.
# Set up      settings <<E            writes processd.toml
#             service NAME <<E        writes NAME.toml
#             start_daemon [ARG…]     starts the keeper with --foreground and waits for the API
#             launch_daemon [ARG…]    the same without waiting
#             stop_daemon             SIGTERM, then waits for its end, which must be exit code 0
# Ask         api METHOD PATH [BODY [CURL-ARG…]]     prints the reply's body; fails on a status of 400 or more
#             status_of METHOD PATH [BODY [CURL-ARG…]]   prints the status; the body is in $T/reply
#             ctl ARG…                processctl on our socket
#             service_is NAME STATE…  is the service in one of the states?
#             service_is_new NAME PID is it ready, with another main process than PID?
#             field NAME JQ           a value of a service, as field leaf .main.pid
#             manager_pid             the manager's pid
#             run_to_end BODY         posts a run, waits for its end, prints its record
# Judge       wait_for SENTENCE COMMAND…   polls until the command succeeds; the only way to wait
#             expect SENTENCE COMMAND…     the command must succeed
#             refuse SENTENCE COMMAND…     the command must fail
#             equal SENTENCE WANTED GOT    the two must be the same
#             same_time SENTENCE WANTED GOT   likewise two times of replies, which come from another clock, to two seconds
#             gone PID                true once there is no such process, or only its zombie
#             fail SENTENCE           ends the test; the daemon's log follows
#             skip REASON             ends the test as skipped (exit code 77)
#             need_root               skip unless root in namespaces of our own
#             need COMMAND…           skip without
#             remember PID            kill it at the end, too
set -eu

BIN_DIR=$(cd "${BIN_DIR:?directory of the built programs}" && pwd)
TEST_DIR=$(cd "$(dirname "$0")" && pwd)
WAIT=${WAIT:-30}

if [ "$(id -u)" != 0 ]; then
	echo 'skipped: needs root, as the daemon sets user and groups of what it starts'
	exit 77
fi

# The outer half: makes the directory and the namespaces, runs this same script in them, cleans up after it.
if [ -z "${T:-}" ]; then
	T=$(mktemp -d)
	export T
	chmod 755 "$T"
	# A cgroup of our own, as pid namespaces make keepers of different tests have the same pid and so the same cgroups.
	_mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	CGROUP=$_mount$(sed -n 's/^0:://p' /proc/self/cgroup)
	CGROUP=${CGROUP%/}/ctdb-processd-test.$$
	[ -n "$_mount" ] && mkdir "$CGROUP" 2>/dev/null || CGROUP=
	# TEST_NAMESPACE: root, or empty.
	set -- "$TEST_DIR/${0##*/}" "$@"
	if unshare -n -m -p -f --mount-proc true 2>/dev/null; then
		TEST_NAMESPACE=root
		set -- unshare -n -m -p -f --propagation private --kill-child --mount-proc "$@"
	else
		TEST_NAMESPACE=
	fi
	export CGROUP TEST_NAMESPACE
	# shellcheck disable=SC2016 # expanded by the inner shell
	sh -c '[ -z "$CGROUP" ] || echo 0 >"$CGROUP/cgroup.procs"; exec "$@"' sh "$@" &
	_inner=$!

	# Killing unshare kills its namespace; a bare script cleans up after itself when it is asked to end.
	# shellcheck disable=SC2317 # called by the trap
	end_test()
	{
		trap - EXIT
		set +e
		if [ -n "$TEST_NAMESPACE" ]; then _signal=KILL; else _signal=TERM; fi
		kill -"$_signal" "$_inner" 2>/dev/null
		wait "$_inner" 2>/dev/null
		if [ -n "$CGROUP" ]; then
			echo 1 >"$CGROUP/cgroup.kill"
			find "$CGROUP" -depth -type d -exec rmdir {} ';' 2>/dev/null
		fi
		rm -rf "$T"
	}
	trap end_test EXIT
	trap 'exit 143' TERM HUP INT
	_code=0
	wait "$_inner" || _code=$?
	exit "$_code"
fi

CONFIG=$T/daemon/config
STATE=$T/daemon/state
RUNTIME=$T/daemon/run
SOCKET=$RUNTIME/api.socket
LOG=$T/daemon/log
KEEPER=
_remembered=
mkdir -p "$CONFIG" "$STATE" "$RUNTIME"
: >"$LOG"
[ -z "$TEST_NAMESPACE" ] || ip link set lo up
export CTDB_PROCESSD_SOCKET="$SOCKET"
export ASAN_OPTIONS="${ASAN_OPTIONS:-abort_on_error=0:detect_stack_use_after_return=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"

fail()
{
	echo "FAILED: $*" >&2
	exit 1
}

skip()
{
	echo "skipped: $*"
	exit 77
}

need_root()
{
	[ -n "$TEST_NAMESPACE" ] || skip 'needs namespaces of its own'
}

need()
{
	for _command; do
		command -v "$_command" >/dev/null || skip "needs $_command"
	done
}

remember()
{
	_remembered="$_remembered $*"
}

# Prints the pids below a process.
list_descendants()
{
	# shellcheck disable=SC2013 # pids, separated by blanks
	for _child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		echo "$_child"
		(list_descendants "$_child")
	done
}

show_logs()
{
	echo "--- the daemon's log (the last 200 lines)"
	tail -n 200 "$LOG"
	if [ -S "$SOCKET" ]; then
		echo '--- services'
		curl -s --max-time 5 --unix-socket "$SOCKET" http://localhost/v1/services | jq -c '.services[]' || :
	fi
}

clean_up()
{
	_code=$?
	trap - EXIT
	set +e
	# A manager that a sanitizer ended is started again, so only the log knows.
	if grep -qE 'ERROR: (Address|Leak)Sanitizer|runtime error:' "$LOG"; then
		echo 'FAILED: a sanitizer complained' >&2
		[ "$_code" != 0 ] || _code=1
	fi
	case $_code in
	0 | 77) ;;
	*) show_logs >&2 ;;
	esac
	if [ -n "$KEEPER" ] && ! gone "$KEEPER"; then
		# Stopped, it can neither start anything new nor replace what is killed.
		kill -STOP "$KEEPER"
		# shellcheck disable=SC2046 # a list of pids
		kill -KILL $(list_descendants "$KEEPER") 2>/dev/null
		kill -KILL "$KEEPER" 2>/dev/null
	fi
	for _pid in $_remembered; do
		kill -KILL "$_pid" 2>/dev/null
	done
	exit "$_code"
}
trap clean_up EXIT
trap 'exit 143' TERM HUP INT

settings()
{
	cat >"$CONFIG/processd.toml"
}

service()
{
	cat >"$CONFIG/$1.toml"
}

launch_daemon()
{
	"$BIN_DIR/ctdb-processd" --foreground --config-dir "$CONFIG" --state-dir "$STATE" --runtime-dir "$RUNTIME" "$@" \
		>>"$LOG" 2>&1 </dev/null &
	KEEPER=$!
}

start_daemon()
{
	launch_daemon "$@"
	wait_for 'the API answers, or the daemon has ended' answered_or_gone
	if gone "$KEEPER"; then fail 'the daemon ended instead of serving its API'; fi
}

answered_or_gone()
{
	gone "$KEEPER" || PATIENCE=2 api GET /v1/system
}

stop_daemon()
{
	kill -TERM "$KEEPER"
	wait_for 'the daemon ends after SIGTERM' gone "$KEEPER"
	_status=0
	wait "$KEEPER" || _status=$?
	KEEPER=
	equal "the daemon's exit code" 0 "$_status"
}

api()
{
	_method=$1 _path=$2 _body=${3-}
	shift "$(($# < 3 ? $# : 3))"
	[ -z "$_body" ] || set -- --data-binary "$_body" -H 'Content-Type: application/json' "$@"
	curl -sS --max-time "${PATIENCE:-60}" --fail-with-body --unix-socket "$SOCKET" -X "$_method" "$@" "http://localhost$_path"
}

status_of()
{
	_method=$1 _path=$2 _body=${3-}
	shift "$(($# < 3 ? $# : 3))"
	[ -z "$_body" ] || set -- --data-binary "$_body" -H 'Content-Type: application/json' "$@"
	curl -sS --max-time "${PATIENCE:-60}" -o "$T/reply" -w '%{http_code}\n' --unix-socket "$SOCKET" -X "$_method" "$@" \
		"http://localhost$_path"
}

ctl()
{
	"$BIN_DIR/processctl" "$@"
}

field()
{
	api GET "/v1/services/$1" | jq -r "$2"
}

service_is()
{
	_now=$(field "$1" .state) || return 1
	shift
	for _state; do
		[ "$_now" != "$_state" ] || return 0
	done
	return 1
}

service_is_new()
{
	api GET "/v1/services/$1" | jq -e --argjson old "$2" '.state == "ready" and .main.pid != $old' >/dev/null
}

manager_pid()
{
	api GET /v1/system | jq -r .manager.pid
}

run_to_end()
{
	api POST '/v1/runs?wait=60s' "$1"
}

gone()
{
	_line=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	case ${_line##*) } in
	Z* | X*) return 0 ;;
	esac
	return 1
}

wait_for()
{
	_sentence=$1
	shift
	_deadline=$(($(date +%s) + WAIT))
	until "$@" >"$T/daemon/last" 2>&1; do
		[ "$(date +%s)" -lt "$_deadline" ] || {
			cat "$T/daemon/last" >&2
			fail "waited $WAIT s in vain: $_sentence"
		}
		sleep 0.05
	done
}

expect()
{
	_sentence=$1
	shift
	"$@" >"$T/daemon/last" 2>&1 || {
		cat "$T/daemon/last" >&2
		fail "$_sentence: $*"
	}
}

refuse()
{
	_sentence=$1
	shift
	if "$@" >"$T/daemon/last" 2>&1; then
		cat "$T/daemon/last" >&2
		fail "$_sentence: $*"
	fi
}

equal()
{
	[ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}

same_time()
{
	_late=$(($(date -d "$3" +%s) - $(date -d "$2" +%s)))
	if [ "$_late" -lt -2 ] || [ "$_late" -gt 2 ]; then fail "$1: expected \"$2\", got \"$3\""; fi
}
