#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A real systemd-journald gets lines with their fields, whole ones of 60 kB and bytes that are no text among them; while it is
# away lines wait, and it gets them when it is back.
# test: asan
. "$(dirname "$0")/lib.sh"
need_root
need journalctl
journald=/lib/systemd/systemd-journald
[ -x "$journald" ] || skip "needs $journald"

# Its own /run, as it takes its sockets and journals to fixed places; volatile, without the kernel's messages.
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journald.conf.d
printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\nRateLimitBurst=0\n' >/run/systemd/journald.conf.d/test.conf
start_journald()
{
	"$journald" >"$T/journald" 2>&1 &
	journal=$!
	remember "$journal"
	wait_for 'journald has its socket' test -S /run/systemd/journal/socket
}
# has_lines N MATCH…: journald has so many entries.
has_lines()
{
	_lines=$1
	shift
	test "$_lines" = "$(journalctl -q -o json --directory=/run/log/journal "$@" | wc -l)"
}
entry()
{
	journalctl -q -o json --all --directory=/run/log/journal "$@" | jq -r "[$field] | join(\" \")"
}

start_journald
settings <<E
[logs]
stdout = ["journal"]
stderr = ["journal"]
[[logs.sink]]
name = "journal"
kind = "journald"
facility = "local3"
E
service web <<E
[service]
command = ["sh", "-c", "echo ready; echo trouble >&2; echo '<3>bad'; printf '\\\\377\\\\n'; head -c 60000 /dev/zero | tr '\\\\0' x; echo; sleep 1000"]
E
start_daemon
wait_for 'all lines of the service' has_lines 5 PROCESSD_SERVICE=web
run=$(field web .main.run)
pid=$(field web .main.pid)
field='.PRIORITY, .SYSLOG_FACILITY, .SYSLOG_IDENTIFIER, .SYSLOG_PID, .PROCESSD_RUN, .PROCESSD_STREAM, .MESSAGE'
equal 'a line' "6 19 web $pid $run stdout ready" "$(entry MESSAGE=ready)"
equal 'a line of standard error' "5 19 web $pid $run stderr trouble" "$(entry MESSAGE=trouble)"
equal 'a line with its own severity' "3 19 web $pid $run stdout bad" "$(entry MESSAGE=bad)"
field='.MESSAGE | if type == "array" then "byte \(.[0])" else "\(length)" end'
equal 'a byte that is no text, and a long line' 'byte 255
60000' "$(entry PROCESSD_SERVICE=web | grep -vxE '3|5|7')"
equal 'lines by time and token' 5 "$(journalctl -q -o json --directory=/run/log/journal PROCESSD_SERVICE=web |
	jq -r 'select(.PROCESSD_TIME | endswith("Z")) | .PROCESSD_SEQ' | sort -u | grep -c '[.]')"

# Without it nothing is lost, and somebody may see why.
kill -KILL "$journal"
rm -f /run/systemd/journal/socket
run_to_end '{"command": ["seq", "-f", "line %g", "1000"]}' >"$T/run"
troubled()
{
	api GET /v1/system | jq -e '.logs.sinks[0] | .error != null and .queued_bytes > 0'
}
wait_for 'the sink says that it fails' troubled
start_journald
wait_for 'the lines that waited' has_lines 1000 PROCESSD_RUN="$(jq -r .id "$T/run")"
api GET /v1/system >"$T/system"
equal 'lines written and dropped' '1005 0 null' \
	"$(jq -r '.logs.sinks[0] | "\(.lines_written) \(.lines_dropped) \(.error)"' "$T/system")"
stop_daemon
