#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# GET /v1/whoami and processctl whoami say how the daemon sees who asks, by which rule he has his level, and what each level
# allows; and that is what he may do.
. "$(dirname "$0")/lib.sh"
need_root

chmod 755 "$T" "$RUNTIME" "${RUNTIME%/*}"
settings <<E
[access]
read = { users = ["nobody"], groups = ["4321"] }
operate = { groups = ["games"] }
admin = { users = ["1234"] }
E
service backup <<E
[job]
command = ["true"]
allow = { groups = ["4322"] }
E
start_daemon
nobody=$(id -u nobody)
games=$(getent group games | cut -d: -f3)

# as UID GROUPS COMMAND…
as()
{
	_uid=$1 _groups=$2
	shift 2
	setpriv --reuid "$_uid" --regid 65000 --groups "$_groups" "$@"
}
ask()
{
	as "$1" "$2" curl -s --max-time 60 --unix-socket "$SOCKET" http://localhost/v1/whoami
}

ask "$nobody" 65000 >"$T/who"
equal 'a reader' "$nobody 65000 [65000] curl true read user nobody $nobody" \
	"$(jq -r '"\(.uid) \(.gid) \(.groups) \(.command) \(.mapped) \(.level) \(.rule.by) \(.rule.name) \(.rule.id)"' "$T/who")"
equal "the reader's levels" 'read true,operate false,admin false' \
	"$(jq -r '[.levels[] | "\(.level) \(.granted)"] | join(",")' "$T/who")"
# Every route is of one level.
expect 'routes have levels' jq -e '[.levels[].routes[]] | length > 20 and (unique | length) == length' "$T/who"
expect 'reading is reading' jq -e '.levels[0].routes | index("GET /v1/whoami") and index("GET /v1/metrics")' "$T/who"
equal 'an operator by group' "operate group games $games" \
	"$(ask 5555 "65000,$games" | jq -r '"\(.level) \(.rule.by) \(.rule.name) \(.rule.id)"')"
equal 'the highest rule counts' 'operate group' "$(ask "$nobody" "$games" | jq -r '"\(.level) \(.rule.by)"')"
equal 'a group by number' 'read group 4321' "$(ask 5555 4321 | jq -r '"\(.level) \(.rule.by) \(.rule.name)"')"
equal 'whom only a job lets in' 'read job backup backup' \
	"$(ask 5555 4322 | jq -r '"\(.level) \(.rule.by) \(.rule.name) \(.jobs[0])"')"
equal 'an admin' 'admin user 1234' "$(ask 1234 65000 | jq -r '"\(.level) \(.rule.by) \(.rule.name)"')"
equal 'root' 'admin root null' "$(ask 0 0 | jq -r '"\(.level) \(.rule.by) \(.rule.name)"')"

as "$nobody" 65000 "$BIN_DIR/processctl" whoami >"$T/page"
for line in "user *uid $nobody" 'process *pid [0-9]*, processctl' 'level *read' \
	"by *user nobody in .access., number $nobody" 'read *yes *see ' 'admin *no *run commands'; do
	expect "processctl whoami says: $line" grep -q "^ *$line" "$T/page"
done
code=0
as 5555 65000 "$BIN_DIR/processctl" whoami >"$T/page" 2>&1 || code=$?
equal 'the exit code of somebody without a level' 125 "$code"
expect 'which he is told' grep -q 'no access to uid 5555' "$T/page"

# What is refused is what the levels say.
equal 'a reader who operates' 'forbidden operate' "$(as "$nobody" 65000 curl -s --unix-socket "$SOCKET" -X POST \
	http://localhost/v1/services/x/start | jq -r '"\(.kind) \(.needs)"')"
stop_daemon
