#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A run's output is streamed while it runs, and a client that lost its connection, or the manager, goes on behind its last
# token without missing or repeating a byte: from the ring while the run lives, from the record afterwards.
# test: asan
. "$(dirname "$0")/lib.sh"

start_daemon

# bytes FILE: the output lines of a stream put together.
bytes()
{
	jq -j 'select(.type == "output") | .text' "$1"
}

# shellcheck disable=SC2016 # expanded by the run
body='{"command": ["sh", "-c", "i=0; while [ $i -lt 40 ]; do echo line $i; echo error $i >&2; i=$((i+1)); sleep 0.05; done; exit 5"]}'
api PUT /v1/runs/talker "$body" -N -H 'Accept: application/x-ndjson' >"$T/whole" &
whole=$!
remember "$whole"
has_line()
{
	grep -q "$1" "$2"
}
wait_for 'the stream has begun' has_line 'line 3' "$T/whole"
equal 'the first line of the stream' run "$(head -n 1 "$T/whole" | jq -r .type)"

# Another client of the same run, which is cut off together with the manager.
api PUT /v1/runs/talker "$body" -N -H 'Accept: application/x-ndjson' >"$T/first" &
first=$!
remember "$first"
wait_for 'the second client follows' has_line 'line 8' "$T/first"
kill -9 "$(manager_pid)"
wait "$first" || : # its connection is gone
wait "$whole" || :
# What was cut off in the middle of a line does not count.
jq -c . "$T/first" 2>/dev/null >"$T/lines" || :
token=$(tail -n 1 "$T/lines" | jq -r .seq)
api PUT "/v1/runs/talker?after=$token" "$body" -N -H 'Accept: application/x-ndjson' >"$T/second"
refuse 'a gap was told' has_line gap "$T/second"
equal 'the last line of the stream' 'run ended 5' "$(tail -n 1 "$T/second" | jq -r '"\(.type) \(.run.state) \(.run.code)"')"
{
	bytes "$T/lines"
	bytes "$T/second"
} >"$T/both"
equal 'bytes of both parts' "$(api GET /v1/runs/talker | jq '.stdout.bytes + .stderr.bytes')" "$(wc -c <"$T/both")"
for i in 0 1 10 20 39; do
	equal "times of line $i" 1 "$(grep -c "^line $i\$" "$T/both")"
	equal "times of error $i" 1 "$(grep -c "^error $i\$" "$T/both")"
done

# The same behind each of some tokens, from what is kept after the end.
for number in 1 100 333; do
	api GET "/v1/runs/talker/output?after=${token%.*}.$number" >"$T/rest"
	equal "bytes behind $number" "$(($(wc -c <"$T/both") - number))" "$(bytes "$T/rest" | wc -c)"
	equal "text behind $number" "$(tail -c +$((number + 1)) "$T/both" | cksum)" "$(bytes "$T/rest" | cksum)"
done
api GET /v1/runs/talker/output >"$T/rest"
equal 'all of it' "$(cksum <"$T/both")" "$(bytes "$T/rest" | cksum)"

# What a ring has overwritten is told as a gap with its size.
id=$(run_to_end '{"command": ["head", "-c", "1000000", "/dev/zero"]}' | jq -r .id)
api GET "/v1/runs/$id/output" >"$T/rest"
equal 'the gap comes first' 'gap expired stdout' "$(head -n 1 "$T/rest" | jq -r '"\(.type) \(.reason) \(.stream)"')"
missing=$(head -n 1 "$T/rest" | jq .bytes)
offset=$(sed -n 2p "$T/rest" | jq .offset)
equal 'the output goes on behind the gap' "$missing" "$offset"
equal 'gap and output make the whole' 1000000 "$((missing + $(bytes "$T/rest" | wc -c)))"
stop_daemon
