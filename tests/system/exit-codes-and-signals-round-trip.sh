#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Each of the 256 exit codes and each signal that ends a process is told by the record over REST, with the core as the
# kernel told it; by the exit code of processctl run; and by the same record when the manager was killed and when the
# daemon was started again.
# test: timeout=400
. "$(dirname "$0")/lib.sh"

settings <<E
[limits]
runs = 1000
E
start_daemon

# The signals that end a process are all but those that stop it, continue it or do nothing.
signals=
for number in $(seq 64); do
	case $number in
	17 | 18 | 19 | 20 | 21 | 22 | 23 | 28) ;;
	*) signals="$signals $number" ;;
	esac
done

name_of()
{
	case $1 in
	16) echo SIGSTKFLT ;;
	29) echo SIGPOLL ;;
	30) echo SIGPWR ;;
	31) echo SIGSYS ;;
	32 | 33) echo "signal $1" ;;
	34) echo SIGRTMIN ;;
	*)
		if [ "$1" -gt 34 ]; then
			echo "SIGRTMIN+$(($1 - 34))"
		else
			perl -MConfig -e 'print "SIG", (split " ", $Config{sig_name})[$ARGV[0]], "\n"' "$1"
		fi
		;;
	esac
}

# What is to come out, as "ID OUTCOME CODE SIGNAL CORE", and the requests, which curl sends over one connection. The core
# is what perl is told of the same command in the same directory.
mkdir "$T/dumps"
chmod 1777 "$T/dumps"
dumped()
{
	# shellcheck disable=SC2016,SC3045 # for perl and the shell; dash and bash have ulimit -c
	(cd "$T/dumps" && ulimit -c unlimited &&
		perl -e '$SIG{INT} = $SIG{QUIT} = "DEFAULT"; system("sh", "-c", "kill -$ARGV[0] \$\$"); print $? & 128 ? "true\n" : "false\n"' "$1")
}

request()
{
	[ ! -s "$T/requests" ] || echo next
	echo "url = \"http://localhost/v1/runs/$1?wait=60s\""
	echo "request = PUT"
	echo "unix-socket = \"$SOCKET\""
	echo "output = \"$T/ended\""
	# The words need no escapes but these.
	printf 'data = "%s"\n' "$(printf %s "$2" | sed 's/[\\"]/\\&/g')"
}

: >"$T/requests"
for code in $(seq 0 255); do
	echo "code-$code exited $code null null"
	request "code-$code" "{\"command\": [\"sh\", \"-c\", \"exit $code\"]}" >>"$T/requests"
done >"$T/wanted"
for number in $signals; do
	echo "signal-$number signaled null $(name_of "$number") $(dumped "$number")"
	request "signal-$number" "{\"command\": [\"sh\", \"-c\", \"kill -$number \$\$\"], \"cwd\": \"$T/dumps\", \"limits\": {\"core\": \"unlimited\"}}" >>"$T/requests"
done >>"$T/wanted"
sort "$T/wanted" >"$T/wanted.sorted"
expect 'all are asked for' curl -sS --fail --max-time 100 -K "$T/requests"

records()
{
	api GET '/v1/runs?kind=adhoc&limit=1000' | jq -cS '.runs | sort_by(.number)[]' >"$1"
}

outcomes()
{
	jq -r '"\(.id) \(.outcome) \(.code) \(.signal) \(.core)"' "$1" | sort
}

records "$T/records"
outcomes "$T/records" | sed 's/^\(code-.*\) false$/\1 null/' >"$T/got"
expect 'each ended as it should' diff "$T/wanted.sorted" "$T/got"
equal 'where something does not apply there is nothing' 'null null false' \
	"$(jq -r '"\(.errno) \(.stage) \(.oom // false)"' "$T/records" | sort -u)"

# From tdb: read by the next manager, and by the next daemon.
manager=$(manager_pid)
kill -KILL "$manager"
expect 'the next manager answers' api GET /v1/system
records "$T/again"
expect 'the next manager has the same records' diff "$T/records" "$T/again"
stop_daemon
start_daemon
records "$T/again"
expect 'the next daemon has the same records' diff "$T/records" "$T/again"

# The exit code of processctl run.
export BIN_DIR
# shellcheck disable=SC2016 # for the inner shell
through_processctl='
status=0
"$BIN_DIR/processctl" run -- sh -c "$1" 2>/dev/null || status=$?
echo "$1 = $status"'
{
	for code in $(seq 0 255); do echo "exit $code"; done
	# shellcheck disable=SC2016 # for the run
	for number in $signals; do echo "kill -$number \$\$"; done
} >"$T/scripts"
tr '\n' '\0' <"$T/scripts" | xargs -0 -n 1 -P 4 sh -c "$through_processctl" sh | sort >"$T/got"
{
	for code in $(seq 0 255); do echo "exit $code = $code"; done
	# shellcheck disable=SC2016 # for the run
	for number in $signals; do echo "kill -$number \$\$ = $((128 + number))"; done
} | sort >"$T/wanted"
expect 'processctl run ends with the exit code' diff "$T/wanted" "$T/got"
stop_daemon
