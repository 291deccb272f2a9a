#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a service said last is shown with it as lines: at most ten, each of a bounded length, and safe for a terminal.
. "$(dirname "$0")/lib.sh"

service loud <<E
[service]
command = ["sh", "-c", "i=0; while [ \$i -lt 30 ]; do echo line \$i; i=\$((i+1)); done; printf '%05000d\\\\n' 0; printf '\\\\033[31mred\\\\a\\\\n' >&2; exit 1"]
[service.restart]
policy = "never"
E
start_daemon
wait_for 'it has failed' service_is loud failed
api GET /v1/services/loud >"$T/loud"
equal 'lines' 10 "$(jq '.last.lines | length' "$T/loud")"
equal 'the last of few words' 'line 29' "$(jq -r '[.last.lines[].text | select(startswith("line "))][-1]' "$T/loud")"
equal 'a very long one is cut' 1000 "$(jq '[.last.lines[] | .text | length] | max' "$T/loud")"
ctl status >"$T/table"
ctl status loud >"$T/page" || :
for shown in "$T/table" "$T/page"; do
	expect 'control characters are shown' grep -qF 'err \x1b[31mred\x07' "$shown"
	refuse 'a control character comes through' grep -q "$(printf '[\001-\010\013-\037]')" "$shown"
done

# The same after another manager has read it from the record.
manager=$(manager_pid)
kill -KILL "$manager"
new_manager()
{
	[ "$(manager_pid)" != "$manager" ]
}
wait_for 'a new manager serves' new_manager
equal 'the same lines' "$(jq -c '.last.lines' "$T/loud")" "$(api GET /v1/services/loud | jq -c '.last.lines')"
stop_daemon
