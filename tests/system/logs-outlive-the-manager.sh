#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# test: asan
# After a manager's death the log is still there, as far as the keeper holds it: lines of before are listed, one that was
# begun is ended, tokens grow, followers go on without a line twice or missing, and who missed some is told. Sinks get no
# line twice that they had.
. "$(dirname "$0")/lib.sh"

settings <<E
[[logs.sink]]
kind = "file"
path = "$T/lines"
E
# One that counts, and one that says what it is told to.
service counter <<E
[service]
command = ["sh", "-c", "i=0; while :; do echo count \$i; echo half \$i >&2; i=\$((i+1)); sleep 0.02; done"]
E
mkfifo "$T/words"
service speaker <<E
[service]
command = ["sh", "-c", "exec 3<>$T/words; echo I am here; while read -r word; do printf %b \"\$word\"; done <&3"]
[service.ready]
output = "I am here"
E
start_daemon
wait_for 'the speaker is ready' service_is speaker ready
exec 8<>"$T/words"

says()
{
	api GET '/v1/logs?limit=10000' | jq -r '.lines[] | select(.service == "speaker").text' >"$T/said"
	[ "$(cat "$T/said")" = "$1" ]
}
read_by_the_manager()
{
	api GET "/v1/runs/$(field speaker .main.run)" | jq -e ".stdout.bytes == $1"
}
new_manager()
{
	[ "$(manager_pid)" != "$manager" ]
}
kill_manager()
{
	manager=$(manager_pid)
	kill -KILL "$manager"
	wait_for 'a new manager serves' new_manager
}
counted_to()
{
	grep -q "\"count $2\"" "$1"
}

ctl logs -f -n 10000 -s counter --json >"$T/followed" &
remember $!
wait_for 'the counter is followed' counted_to "$T/followed" 10
api GET '/v1/logs?service=counter&limit=1' >"$T/early"

# Three managers die. Between them a line is said in two halves.
echo 'hel' >&8
wait_for 'the first half was read' read_by_the_manager 13
kill_manager
printf '%s\n' 'lo,\n' >&8
wait_for 'the line is one' says 'I am here
hello,'
kill_manager
kill_manager
wait_for 'it is still one' says 'I am here
hello,'

# The list begins at the beginning, and its tokens grow.
api GET '/v1/logs?service=counter&limit=10000' >"$T/list"
equal 'the first line' 'count 0' "$(jq -r '[.lines[] | select(.stream == "stdout").text][0]' "$T/list")"
equal 'gaps in the list' 0 "$(jq '[.lines[] | select(.type == "gap")] | length' "$T/list")"
equal 'tokens grow' true "$(jq '[.lines[].seq | split(".")[1] | tonumber] | . == (sort | unique)' "$T/list")"
equal 'times grow' true "$(jq '[.lines[] | select(.stream == "stdout").time] | . == sort' "$T/list")"
last=$(jq -r '[.lines[] | select(.stream == "stdout").text][-1] | split(" ")[1]' "$T/list")

# Who followed all the time has each line once, and no gap.
wait_for 'the follower is there' counted_to "$T/followed" "$((last + 10))"
equal 'gaps of the follower' '' "$(grep '"gap"' "$T/followed")"
for stream in stdout stderr; do
	jq -r "select(.stream == \"$stream\").text | split(\" \")[1]" "$T/followed" | head -n "$((last + 5))" >"$T/numbers"
	equal "each line of $stream once" "$(seq 0 "$((last + 4))" | cksum)" "$(cksum <"$T/numbers")"
done

# Who had not read all that there was is told, and goes on with what is new.
api GET "/v1/logs?service=counter&limit=10000&after=$(jq -r .next "$T/early")" >"$T/late"
equal 'the gap' '["gap","restarted"]' "$(jq -c '.lines[0] | [.type, .reason]' "$T/late")"
equal 'what was asked for' "$(jq -r .next "$T/early")" "$(jq -r '.lines[0].from' "$T/late")"
number=$(jq -r '[.lines[] | select(.type == "line" and .stream == "stdout").text][0] | split(" ")[1]' "$T/late")
[ "$number" -gt 10 ] || fail "lines are repeated from $number on"

# The sink has every line, and those that were written when a manager died, once.
stop_daemon
equal 'the sink has all lines' "$(seq 0 "$last")" \
	"$(sed -n 's/.* stdout: count //p' "$T/lines" | sort -nu | head -n "$((last + 1))")"
equal 'lines of the speaker in the sink' 'I am here
hello,' "$(sed -n 's/.*speaker.* stdout: //p' "$T/lines")"
