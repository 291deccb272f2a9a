#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Mode, owner and group of the API's socket are those of [api], by name and by number, and follow a reload; where a name is
# nobody's, they stay. The kernel refuses whom they exclude. A new manager changes nothing about them.
. "$(dirname "$0")/lib.sh"
need_root

chmod 755 "$T" "$RUNTIME" "${RUNTIME%/*}"
configure()
{
	settings <<-E
		[access]
		read = { users = ["nobody", "5555"] }
		[api]
		$1
	E
}
is()
{
	[ "$(stat -c '%a %u %g' "$SOCKET")" = "$1" ]
}
games=$(getent group games | cut -d: -f3)
nobody=$(id -u nobody)

configure 'socket_mode = "0660"
socket_group = "games"'
start_daemon
wait_for 'the socket is of its group' is "660 0 $games"
# 000: the kernel lets nobody else connect; a level does not help.
may()
{
	setpriv --reuid "$1" --regid "$1" --groups "$2" curl -s --max-time 60 -o /dev/null -w '%{http_code}' --unix-socket "$SOCKET" \
		http://localhost/v1/system || :
}
equal 'who is in the group' 200 "$(may 5555 "$games")"
equal 'who is not' 000 "$(may 5555 5555)"

kill -KILL "$(manager_pid)"
wait_for 'there is another manager' sh -c "grep -q 'manager serves incarnation=2' '$LOG'"
# Once it has answered, what it had to say to the keeper at its beginning is done.
api GET /v1/metrics >"$T/metrics"
expect 'the socket is as it was' is "660 0 $games"

configure "socket_mode = \"0600\"
socket_owner = \"$nobody\"
socket_group = \"4321\""
equal 'reload' 200 "$(status_of POST /v1/reload)"
expect 'what applies now is told' jq -e '.changes[0] | .applies == "now" and (.keys | index("api.socket_mode") and
	index("api.socket_owner") and index("api.socket_group"))' "$T/reply"
wait_for 'the socket follows a reload' is "600 $nobody 4321"

configure 'socket_owner = "nosuchuser"'
equal 'reload' 200 "$(status_of POST /v1/reload)"
wait_for 'the log names who does not exist' grep -q nosuchuser "$LOG"
wait_for 'what is not known stays' is "666 $nobody 0"

settings </dev/null
equal 'reload' 200 "$(status_of POST /v1/reload)"
wait_for 'without [api] it is as ever' is '666 0 0'
stop_daemon
