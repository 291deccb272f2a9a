#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Who comes from another user or pid namespace: root of a namespace is nobody but its user; a user whom the daemon's namespace
# does not know has what is given to such, and never what a rule gives to nobody; a process that it does not see has pid 0 and
# no command.
. "$(dirname "$0")/lib.sh"
need_root

# 65534 is nobody's number, and the one that the kernel shows of users that a namespace does not have.
chmod 755 "$T" "$RUNTIME" "${RUNTIME%/*}"
who()
{
	jq -r '"\(.uid) \(.mapped) \(.level) \(.rule.by)"'
}
whoami()
{
	"$@" curl -s --max-time 60 --unix-socket "$SOCKET" http://localhost/v1/whoami
}
as_user()
{
	_uid=$1
	shift
	setpriv --reuid "$_uid" --regid "$_uid" --clear-groups "$@"
}
rules()
{
	settings <<-E
		[access]
		read = { users = ["1234", "65534"], groups = ["65534"] }
		$1
	E
}

# The daemon in the first namespace, where 65534 is nobody himself; its peers in others.
rules ''
start_daemon
equal 'nobody' '65534 true read user' "$(whoami as_user 65534 | who)"
if as_user 1234 unshare -Ur true 2>/dev/null; then
	equal 'root of a namespace of user 1234' '1234 true read user' "$(whoami as_user 1234 unshare -Ur | who)"
	refuse 'he is no admin' [ 202 = "$(as_user 1234 unshare -Ur curl -s -o /dev/null -w '%{http_code}' \
		--unix-socket "$SOCKET" -d '{"command": ["true"]}' http://localhost/v1/runs)" ]
fi
equal 'root of a namespace of root' '0 true admin root' "$(whoami unshare -Ur | who)"
inside=$(whoami unshare -p -f | jq -r '"\(.pid > 1) \(.command)"')
equal 'a process of a pid namespace below, by its pid here' 'true curl' "$inside"
stop_daemon

# The daemon in namespaces of its own, below an init; its peers out here. Only root is in its user namespace.
daemon_inside()
{
	rules "$1"
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -Ur -p -f --kill-child --mount-proc sh -c '"$@" & wait' sh "$BIN_DIR/ctdb-processd" --foreground \
		--config-dir "$CONFIG" --state-dir "$STATE" --runtime-dir "$RUNTIME" >>"$LOG" 2>&1 </dev/null &
	KEEPER=$!
	wait_for 'the API answers, or the daemon has ended' answered_or_gone
	if gone "$KEEPER"; then fail 'the daemon ended instead of serving its API'; fi
}
end_inside()
{
	equal 'shutdown' 202 "$(status_of POST /v1/shutdown)"
	wait_for 'the daemon has ended' gone "$KEEPER"
	wait "$KEEPER" || :
	KEEPER=
}
status()
{
	"$@" curl -s --max-time 60 -o "$T/reply" -w '%{http_code}' --unix-socket "$SOCKET" http://localhost/v1/whoami || :
}

daemon_inside ''
equal 'root is root' '0 true admin root' "$(whoami env | who)"
equal 'whom the namespace does not know, though a rule names nobody' 000 "$(status as_user 1234)"
equal 'and nobody himself, who is as unknown there' 000 "$(status as_user 65534)"
end_inside

daemon_inside 'unmapped = "read"'
equal 'who is unknown, where such may read' '65534 false read unmapped' "$(whoami as_user 1234 | who)"
whoami as_user 1234 >"$T/who"
equal 'his groups' '65534 []' "$(jq -r '"\(.gid) \(.groups)"' "$T/who")"
equal 'a process outside of the pid namespace' '0 null' "$(jq -r '"\(.pid) \(.command)"' "$T/who")"
expect 'processctl says so' sh -c "setpriv --reuid 1234 --regid 1234 --clear-groups '$BIN_DIR/processctl' whoami |
	grep -q 'outside of the daemon.s pid namespace'"
run=$(api POST /v1/runs '{"command": ["sleep", "1000"]}' | jq -r .id)
equal 'who asked, in a record' '{"command":"","pid":0,"uid":0}' "$(api GET "/v1/runs/$run" | jq -cS .asked_by)"
reason=$(api DELETE "/v1/runs/$run?wait=30s" | jq -r .reason)
equal 'who cancelled it' 'cancelled by uid 0 (a process outside of this pid namespace)' "$reason"
end_inside
