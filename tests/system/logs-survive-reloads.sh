#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Sinks come and go by reload while a service writes: each line is in exactly one of the files that it was meant for, a form
# changes between two lines, and a sink that cannot be written holds up no reload.
# test: asan
. "$(dirname "$0")/lib.sh"

# sinks TEXT: replaces the configuration and reloads it.
sinks()
{
	settings
	api POST /v1/reload >"$T/reload"
}
numbers()
{
	sed -n 's/.*\(number [0-9]*\).*/\1/p' "$@" | sort -k 2 -n
}

settings <<E
[[logs.sink]]
kind = "file"
path = "$T/a"
E
service counts <<'E'
[service]
command = ["sh", "-c", "i=0; while :; do i=$((i + 1)); echo number $i; [ $((i % 50)) != 0 ] || sleep 0.005; done"]
E
start_daemon
wait_for 'lines in a' grep -q 'number 100$' "$T/a"
for round in 1 2 3 4 5 6; do
	sinks <<E
[[logs.sink]]
kind = "file"
path = "$T/b"
format = "json"
E
	wait_for "lines in b, round $round" grep -q . "$T/b"
	sinks <<E
[[logs.sink]]
kind = "file"
path = "$T/a"
format = "bare"
[[logs.sink]]
kind = "syslog"
path = "$T/nobody"
E
done
equal 'the reload says what applies now' 'now logs.sink' \
	"$(jq -r '.changes[] | select(.service == null) | "\(.applies) \(.keys | join(" "))"' "$T/reload")"
# One more kind of change: the service's own sink takes over the file.
sinks <<E
[[logs.sink]]
kind = "file"
path = "$T/c"
E
cat >>"$CONFIG/counts.toml" <<E
[service.logs]
stdout = ["own"]
[[service.logs.sink]]
name = "own"
kind = "file"
path = "$T/a"
format = "bare"
E
api POST /v1/reload >"$T/reload"
api POST '/v1/services/counts/stop?wait=60s' >"$T/reply"
stop_daemon

numbers "$T/a" "$T/b" "$T/c" >"$T/all"
last=$(tail -n 1 "$T/all" | cut -d ' ' -f 2)
[ "$last" -gt 300 ] || fail "only $last lines"
seq "$last" | sed 's/^/number /' | cmp - "$T/all" || fail 'lines are missing or doubled'
expect 'the first lines of a are of one form, the last of another' sh -c "
	head -n 1 '$T/a' | grep -q 'Z counts\[.*stdout: number 1$' && tail -n 1 '$T/a' | grep -qx 'number [0-9]*'"
expect 'those of b are JSON' sh -c "jq -e .pid '$T/b' >/dev/null"
