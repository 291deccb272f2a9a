#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A service that writes more than it may does not fill the disk: what sinks lack is counted in them, in the API and by
# processctl status, while the log window has it; others are not limited with it.
# test: asan
. "$(dirname "$0")/lib.sh"

settings <<E
[logs]
rate_lines = 100
rate_period = "200ms"
[[logs.sink]]
kind = "file"
path = "$T/file"
E
service loud <<'E'
[service]
command = ["sh", "-c", "seq 5000; echo end >&2; sleep 1000"]
E
service free <<'E'
[service]
command = ["sh", "-c", "seq 500; sleep 1000"]
[service.logs]
rate_lines = 0
E
start_daemon
# What was left out and what was written of the loud one.
counted()
{
	_left_out=$(sed -n 's/.*Z ctdb-processd: … \([0-9]*\) lines of loud\[.*\] dropped, more than 100 in 200ms$/\1/p' "$T/file" |
		awk '{ n += $1 } END { print n + 0 }')
	_written=$(grep -c 'Z loud\[' "$T/file")
	echo "$_written written, $_left_out left out"
	test "$((_written + _left_out))" = 5001
}
wait_for 'all lines are written or counted' counted
[ "$_left_out" -gt 0 ] || fail 'nothing was left out'
free()
{
	test 500 = "$(grep -c 'Z free\[' "$T/file")"
}
wait_for 'the other has all its lines' free
equal 'counted in the API' "$_left_out" "$(api GET /v1/system | jq '.logs.rate_limited[] | select(.service == "loud").lines')"
ctl status >"$T/status"
expect 'processctl says so' grep -qx "rate limit: $_left_out lines of loud left out of the log sinks" "$T/status"
equal 'the window has them all' 5001 "$(ctl logs --json -s loud --since 1h | jq '.lines | length')"
stop_daemon
