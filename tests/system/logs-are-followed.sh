#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Lines of services and runs are listed and followed with filters and tokens; a follower that does not read holds up
# nobody, is told what it missed, and costs the manager bounded memory.
. "$(dirname "$0")/lib.sh"

service one <<E
[service]
command = ["sh", "-c", "i=0; while :; do echo one \$i; i=\$((i+1)); sleep 0.05; done"]
E
service two <<E
[service]
command = ["sh", "-c", "echo two; printf unfinished; sleep 1000"]
E
start_daemon

lines()
{
	jq -r 'select(.type == "line").text' "$1"
}
has_line()
{
	grep -q "$1" "$2"
}

follow()
{
	_file=$1
	shift
	curl -sN --unix-socket "$SOCKET" "http://localhost/v1/logs?follow=1&$*" >"$_file" &
	remember $!
}

follow "$T/one" service=one
wait_for 'service one is followed' has_line '"one 20"' "$T/one"
refuse 'another service in it' has_line '"two"' "$T/one"
equal 'each line follows the one before' "$(seq 0 20)" "$(lines "$T/one" | sed -n 's/^one //p' | sed -n 1,21p)"

# The list goes on where the last one ended.
api GET '/v1/logs?service=one&limit=5' >"$T/page"
equal 'lines of a page' 5 "$(jq '.lines | length' "$T/page")"
last=$(jq -r '.lines[-1].text' "$T/page")
next=$(jq -r .next "$T/page")
wait_for 'one has gone on' has_line "\"one $((${last#one } + 3))\"" "$T/one"
api GET "/v1/logs?service=one&limit=2&after=$next" >"$T/page"
equal 'the next line' "one $((${last#one } + 1))" "$(jq -r '.lines[0].text' "$T/page")"
equal 'lines of the next page' 2 "$(jq '.lines | length' "$T/page")"

# Followed from a token, a time and a duration.
follow "$T/token" "service=one&after=$next"
follow "$T/time" "service=one&after=$(jq -r '.lines[0].time' "$T/page")"
follow "$T/hour" 'service=one&after=1h'
wait_for 'from a token' has_line '"line"' "$T/token"
wait_for 'from a time' has_line '"line"' "$T/time"
wait_for 'from an hour ago' has_line '"line"' "$T/hour"
equal 'first line behind the token' "one $((${last#one } + 1))" "$(lines "$T/token" | head -n 1)"
equal 'first line since the time' "one $((${last#one } + 1))" "$(lines "$T/time" | head -n 1)"
equal 'first line since an hour ago' 'one 0' "$(lines "$T/hour" | head -n 1)"
refuse 'a gap was told' has_line '"gap"' "$T/token"

# A token of another life.
api GET '/v1/logs?after=1.1' >"$T/page"
equal 'a foreign token' 'gap restarted' "$(jq -r '.lines[0] | "\(.type) \(.reason)"' "$T/page")"

# Leaving is noticed at once, also by a service that says nothing.
followers()
{
	test "$1" = "$(api GET /v1/system | jq .counts.followers)"
}
follow "$T/two" service=two
two=$!
wait_for 'two is followed' has_line '"two"' "$T/two"
expect 'five follow' followers 5
kill "$two"
wait_for 'one of them has left' followers 4

# The end of a line that never ended.
follow "$T/two" service=two
wait_for 'two is followed again' has_line '"two"' "$T/two"
refuse 'what is no line yet' has_line unfinished "$T/two"
api POST '/v1/services/two/stop?wait=30s' >"$T/reply"
wait_for 'the unfinished line' has_line '"unfinished"' "$T/two"

# A follower that is stopped while 40 MB are written, and then goes on.
curl -sN --unix-socket "$SOCKET" 'http://localhost/v1/logs?follow=1&limit=0' >"$T/slow" &
slow=$!
remember "$slow"
wait_for 'the slow one has begun' has_line '"line"' "$T/slow"
kill -STOP "$slow"
run_to_end '{"command": ["sh", "-c", "yes 0123456789012345678901234567890123456789 | head -c 40000000"]}' >"$T/run"
equal 'the writer was not held up' exited "$(jq -r .outcome "$T/run")"
memory=$(api GET /v1/system | jq .manager.memory_kb)
[ "$memory" -lt 40000 ] || fail "the manager has $memory kB"
kill -CONT "$slow"
wait_for 'the slow one is told' has_line '"gap"' "$T/slow"
newest=$(api GET '/v1/logs?service=one&limit=1' | jq -r '.lines[0].text')
wait_for 'and goes on' has_line "\"one $((${newest#one } + 1))\"" "$T/slow"
stop_daemon
