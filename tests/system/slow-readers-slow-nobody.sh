#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A command writes faster than anybody reads: a follower of the log, one of the run's output, a log file on a full disk, and
# the daemon's own stderr, a pipe that nobody reads. It is not held up, nor is the API, the manager's memory is bounded,
# and each line and byte is kept or counted, exactly. A log file that works has them all, over its rotations.
. "$(dirname "$0")/lib.sh"
need_root

lines=400000 # of 100 bytes
mkdir "$T/full" "$T/good" "$T/few"
mount -t tmpfs -o size=1m none "$T/full"
mount -t tmpfs none "$T/good"
mount -t tmpfs none "$T/few"
settings <<E
[logs]
memory = "1MiB"
[[logs.sink]]
kind = "stderr"
[[logs.sink]]
kind = "file"
path = "$T/full/log"
max_size = "1GiB"
[[logs.sink]]
kind = "file"
path = "$T/good/log"
max_size = "1MiB"
keep = 1000
[[logs.sink]]
kind = "file"
path = "$T/few/log"
max_size = "2MiB"
keep = 2
E
cat >"$T/write" <<'E'
#!/bin/sh
exec awk -v n="$1" 'BEGIN { for (i = 1; i <= n; ++i) printf "%09d %089d\n", i, 0 }'
E
chmod +x "$T/write"

# The keeper's stderr, hence the manager's and a sink's, is open for reading and not read.
mkfifo "$T/stuck"
sleep 1000 <>"$T/stuck" &
remember $!
LOG=$T/stuck launch_daemon
wait_for 'the API answers' api GET /v1/system

mark()
{
	run_to_end "{\"command\": [\"echo\", \"$1\"]}" >/dev/null
}
newest()
{
	api GET '/v1/logs?limit=1' | jq -r '.lines[-1] | .seq // .to | split(".")[1]'
}
memory()
{
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}
says_end()
{
	grep -q END "$1"
}
says_dropped()
{
	grep -q 'lines dropped,' "$1"
}

manager=$(manager_pid)
mark BEGIN
first=$(newest)
curl -sN --limit-rate 1M --unix-socket "$SOCKET" 'http://localhost/v1/logs?follow=1&after=1m' >"$T/followed" &
remember $!
wait_for 'the log is followed' grep -q BEGIN "$T/followed"
memory=$(memory "$manager")
api PUT /v1/runs/fast "{\"command\": [\"$T/write\", \"$lines\"]}" >/dev/null
curl -sN --limit-rate 1M --unix-socket "$SOCKET" 'http://localhost/v1/runs/fast/output?follow=1' >"$T/output" &
reader=$!
remember "$reader"
equal 'somebody else meanwhile' 0 "$(run_to_end '{"command": ["true"]}' | jq .code)"
api GET '/v1/runs/fast?wait=60s' >"$T/record"
equal 'how it ended' 'exited 0' "$(jq -r '"\(.outcome) \(.code)"' "$T/record")"
mark END
last=$(newest)
grown=$(($(memory "$manager") - memory))
expect "the manager's memory has not grown by $grown kB" test "$grown" -lt 32768
equal 'the manager' "$manager" "$(manager_pid)"

# The record: all bytes are counted, and its tail is the end of them.
equal 'bytes' "$((lines * 100))" "$(jq .stdout.bytes "$T/record")"
dropped=$(jq .stdout.dropped "$T/record")
jq -j '.tail[].text' "$T/record" >"$T/tail"
expect 'the tail is long' test "$(wc -c <"$T/tail")" -gt 60000
"$T/write" "$lines" | tail -c "$(wc -c <"$T/tail")" | cmp - "$T/tail" || fail 'the tail is not the end of the output'

# The run's follower: what it got and what its gaps say is all of it.
wait "$reader"
equal "bytes that the run's follower got or was told of" "$((lines * 100))" \
	"$(jq -s '[.[] | if .type == "gap" then (.to | split(".")[1] | tonumber) - (.from | split(".")[1] | tonumber)
		elif .type == "output" then (.text | utf8bytelength) else 0 end] | add' "$T/output")"
expect "the run's follower was slow" grep -q slow_reader "$T/output"

# The log's follower likewise, in lines.
wait_for 'the follower is at the end' says_end "$T/followed"
equal 'lines that the follower of the log got or was told of' "$((last - first))" \
	"$(sed '/BEGIN/,$!d' "$T/followed" | sed 1d | jq -s '[.[] | if .type == "gap" then (.to | split(".")[1] | tonumber) -
		(.from | split(".")[1] | tonumber) else 1 end] | add')"
expect 'the follower of the log was slow' grep -q '"gap"' "$T/followed"

# sink NAME FILE…: the lines between BEGIN and END in them, with those that are said to be dropped, are all that there were.
sink()
{
	_name=$1
	shift
	cat "$@" | grep -a -E 'Z (run\[|ctdb-processd: … )' | sed '/: BEGIN$/,$!d' | sed 1d >"$T/sink"
	_dropped=$(sed -n 's/.*ctdb-processd: … \([0-9]*\) lines dropped.*/\1/p' "$T/sink" | awk '{ n += $1 } END { print n + 0 }')
	equal "lines that $_name has or counts" "$((last - first))" "$(($(grep -c -a 'Z run\[' "$T/sink") + _dropped))"
}

# The log file that works: all lines over all files, in order, and with what the ring lost all bytes.
wait_for 'the log file is at the end' says_end "$T/good/log"
# shellcheck disable=SC2012 # names that are numbers
ls "$T/good" | sort -t. -k2 -rn | sed "s,^,$T/good/," | xargs cat >"$T/all"
sink 'the log file' "$T/all"
if [ "$_dropped" = 0 ]; then
	equal 'bytes that the log file has, and those that were overwritten' "$((lines * 100))" \
		"$((dropped + $(sed -n 's/^[^ ]* run\[fast\] stdout: //p' "$T/sink" | wc -c) + \
		$(sed -n 's/^[^ ]* run\[fast\] stdout+: //p' "$T/sink" | tr -d '\n' | wc -c)))"
fi
sed -n 's/^[^ ]* run\[fast\] stdout: \([0-9]\{9\}\) 0*$/\1/p' "$T/sink" >"$T/numbers"
expect 'lines are in order' sort -c -u "$T/numbers"
expect 'it was rotated' test -e "$T/good/log.3"
# Where few of them are kept they are the end of the same.
wait_for 'the third log file is at the end' says_end "$T/few/log"
equal 'files kept' 'log log.1 log.2' "$(cd "$T/few" && echo log*)"
cat "$T/few/log.2" "$T/few/log.1" "$T/few/log" >"$T/kept"
if [ "$_dropped" = 0 ] && ! says_dropped "$T/kept"; then
	tail -c "$(wc -c <"$T/kept")" "$T/all" | cmp - "$T/kept" ||
		fail 'what the rotated files keep is not the end of all'
fi

# The full one, once there is room.
refuse 'the full disk took it' says_end "$T/full/log"
mount -o remount,size=64m "$T/full"
wait_for 'the other log file says what it lost' says_dropped "$T/full/log" # END, too
sink 'the log file on the full disk' "$T/full/log"
expect 'it has dropped lines' test "$_dropped" -gt 0

# And the pipe, once somebody reads it.
cat <"$T/stuck" >"$LOG" &
remember $!
wait_for 'stderr says what it lost' says_dropped "$LOG"
sink 'stderr' "$LOG"
expect 'stderr has dropped lines' test "$_dropped" -gt 0
stop_daemon
