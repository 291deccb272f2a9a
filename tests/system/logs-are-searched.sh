#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# processctl logs, and GET /v1/logs, find lines by service, run, time and regular expression, in what is there and in what
# comes; one who looks through a large window holds up nobody.
. "$(dirname "$0")/lib.sh"

settings <<E
[logs]
memory = "128MiB"
stdout = []
stderr = []
E
service web <<'E'
[service]
command = ["sh", "-c", "echo early; while read -r word; do echo $word; done <fifo"]
cwd = "/"
E
mkfifo "$T/fifo"
sed -i "s|<fifo|<$T/fifo|" "$CONFIG/web.toml"
start_daemon
sleep 1000 >"$T/fifo" &
remember $!
say()
{
	echo "$1" >"$T/fifo"
	wait_for "the line $1" has_line "$1"
}
has_line()
{
	ctl logs -s web -n 1000 | grep -q ": $1\$"
}
# texts ARG…: what processctl logs finds.
texts()
{
	ctl logs --json "$@" | jq -r '.lines[] | select(.type == "line").text' | tr '\n' ' '
}

wait_for 'the first line' has_line early
say error-one
say fine
before=$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)
say error-two
say ERROR-three
after=$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)
say error-four
run_to_end '{"command": ["echo", "error-of-a-run"]}' >"$T/run"

equal 'by expression' 'error-one error-two error-four error-of-a-run ' "$(texts -g '^error')"
equal 'of either case, of a service' 'error-one error-two ERROR-three error-four ' "$(texts -g '(?i)^error' -s web)"
equal 'the newest two' 'ERROR-three error-four ' "$(texts -g '(?i)^error' -s web -n 2)"
equal 'since a time' 'error-two ERROR-three error-four error-of-a-run ' "$(texts --since "$before")"
equal 'until a time' 'early error-one fine ' "$(texts --until "$before")"
equal 'between two' 'error-two ERROR-three ' "$(texts --since "$before" --until "$after")"
equal 'the first of them' 'error-two ' "$(texts --since "$before" --until "$after" -n 1)"
equal 'of a run' 'error-of-a-run ' "$(texts --run "$(jq -r .id "$T/run")" -g error)"
equal 'since an hour ago' 6 "$(texts -s web --since 1h | wc -w)"
equal 'nothing' '' "$(texts -g nowhere)"
equal 'as text' "web: error-two" "$(ctl logs -g error-two | sed 's/^[^ ]* //')"

# A list goes on where the one before ended, through its filter.
api GET '/v1/logs?grep=%5Eerror&since=1h&limit=2' >"$T/page"
next=$(jq -r .next "$T/page")
equal 'the first page' 'error-one error-two' "$(jq -r '[.lines[].text] | join(" ")' "$T/page")"
equal 'the next' 'error-four error-of-a-run' \
	"$(api GET "/v1/logs?grep=%5Eerror&limit=2&after=$next" | jq -r '[.lines[].text] | join(" ")')"

# Followed.
ctl logs -f --json -g '^error' --since "$before" >"$T/followed" &
remember $!
wait_for 'what was there' grep -q error-of-a-run "$T/followed"
say error-five
say fine-again
say error-six
wait_for 'what comes' grep -q error-six "$T/followed"
equal 'all that matches' 'error-two error-four error-of-a-run error-five error-six' \
	"$(jq -r .text "$T/followed" | tr '\n' ' ' | sed 's/ $//')"

# Mistakes.
equal 'no expression' 400 "$(status_of GET '/v1/logs?grep=(')"
expect 'it says what is wrong' grep -q 'missing )' "$T/reply"
equal 'until and follow' 400 "$(status_of GET '/v1/logs?follow=1&until=1h')"
equal 'no time' 400 "$(status_of GET '/v1/logs?since=yesterday')"
refuse 'processctl says so, too' ctl logs -g '('
refuse 'an end for what has none' ctl logs -f --until 1h

# Forty megabytes are looked through in turns: others are answered in between.
run_to_end '{"command": ["sh", "-c", "yes 0123456789012345678901234567890123456789 | head -c 40000000"]}' >"$T/run"
api GET '/v1/logs?grep=(0.*1.*2.*3.*4.*5.*6.*7.*8.*9.*)%7B5%7D%7Cearly&limit=1' >"$T/found" &
search=$!
while ! gone "$search"; do
	PATIENCE=5 api GET /v1/system >/dev/null
done
wait "$search"
equal 'the oldest line was found' early "$(jq -r '.lines[-1].text' "$T/found")"
stop_daemon
