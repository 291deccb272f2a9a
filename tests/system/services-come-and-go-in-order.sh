#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Services start side by side unless one comes after another, which waits until that one is ready, and go down the other way
# round. "requires" pulls in and stops with, "binds_to" also goes down and comes back when the other fails, and one whose
# requirement is not to be had says so, and comes when that does.
# test: asan
. "$(dirname "$0")/lib.sh"

mkdir "$T/ready" "$T/leave"
cat >"$T/member" <<'E'
#!/bin/sh
# member NAME: is told to leave, and does once it may.
trap 'echo "$1 leaves" >>"$T/said"; until [ -e "$T/leave/$1" ]; do sleep 0.02; done; echo "$1 left" >>"$T/said"; exit 0' TERM
echo "$1 comes" >>"$T/said"
while :; do
	sleep 1000 &
	wait $!
done
E
chmod 755 "$T/member"

# member NAME LINES: a service that is ready when $T/ready/NAME exists, and leaves when $T/leave/NAME does.
member()
{
	service "$1" <<E
[service]
command = ["$T/member", "$1"]
environment = { T = "$T" }
$2
[service.ready]
command = ["test", "-e", "$T/ready/$1"]
every = "20ms"
[service.restart]
delay = "100ms"
[service.stop]
timeout = "5m"
E
}

# may WHAT NAME…: lets services be ready, or leave.
may()
{
	_what=$1
	shift
	for _name; do : >"$T/$_what/$_name"; done
}

said()
{
	grep -qx "$1" "$T/said"
}

waits_for()
{
	field "$1" '.waits_for | join(" ")'
}

pid_of()
{
	field "$1" .main.pid
}

member disk ''
member net ''
member ctdb 'after = ["net"]
requires = ["disk"]'
member smb 'binds_to = ["ctdb"]'
member winbind 'requires = ["smb"]'
member hand 'start = "manual"
requires = ["tool"]'
member tool 'start = "manual"'
service bad <<E
[service]
command = ["sh", "-c", "exit 7"]
[service.ready]
notify = true
[service.restart]
policy = "never"
E
service needs-bad <<E
[service]
command = ["sleep", "1000"]
requires = ["bad"]
E
start_daemon

# Side by side: both run, neither is ready. The others wait, for what is said.
wait_for 'net has come' said 'net comes'
wait_for 'disk has come' said 'disk comes'
equal 'ctdb waits for both' 'disk net' "$(waits_for ctdb)"
equal 'why ctdb waits' 'waits for disk, net' "$(field ctdb .reason)"
equal 'smb waits for' ctdb "$(waits_for smb)"
may ready net
wait_for 'net is ready' service_is net ready
equal 'ctdb waits for what is left' disk "$(waits_for ctdb)"
refuse 'ctdb does not start before disk is ready' said 'ctdb comes'
may ready disk
wait_for 'ctdb has come' said 'ctdb comes'
equal 'smb waits for readiness, not for a process' 'waiting starting' "$(field smb .state) $(field ctdb .state)"
may ready ctdb smb winbind
wait_for 'winbind is ready' service_is winbind ready
equal 'the order they came in' 'ctdb smb winbind' "$(sed -n 's/ comes//p' "$T/said" | tail -n 3 | xargs)"
equal 'a manual service that nobody needs' 'stopped stopped' "$(field hand .state) $(field tool .state)"

# One that cannot have what it requires says why.
wait_for 'needs-bad has failed' service_is needs-bad failed
equal 'why' 'it needs bad, which is failed (its process exited with code 7, and its restart policy is never)' \
	"$(field needs-bad .reason)"
refuse 'its start fails' ctl start needs-bad
equal 'why it failed' \
	'it needs bad, which is failed (its process exited with code 7, and its restart policy is never)' "$(field needs-bad .reason)"

# And comes up with it, once somebody has seen to that.
service bad <<E
[service]
command = ["sleep", "1000"]
E
expect 'the reload' ctl reload
expect 'bad starts now' ctl start bad
wait_for 'needs-bad has come with it' service_is needs-bad ready

# requires: does not follow a failure.
ctdb=$(pid_of ctdb) disk=$(pid_of disk)
kill -KILL "$disk"
wait_for 'disk is back' service_is_new disk "$disk"
equal 'ctdb stayed' "$ctdb" "$(pid_of ctdb)"

# binds_to: goes down with what failed, with what requires it before it, and all come back.
may leave smb winbind ctdb
smb=$(pid_of smb) winbind=$(pid_of winbind)
rm "$T/ready/ctdb"
: >"$T/said"
kill -KILL "$ctdb"
wait_for 'smb waits' service_is smb waiting
wait_for 'winbind waits' service_is winbind waiting
expect 'smb went down' gone "$smb"
expect 'winbind went down' gone "$winbind"
equal 'the order they left in' 'winbind smb' "$(sed -n 's/ left//p' "$T/said" | xargs)"
wait_for 'ctdb is back' said 'ctdb comes'
refuse 'smb is back before ctdb is ready' said 'smb comes'
may ready ctdb
wait_for 'winbind is ready' service_is winbind ready
equal 'the order they came back in' 'ctdb smb winbind' "$(sed -n 's/ comes//p' "$T/said" | xargs)"
# But not if an operator wants it down.
expect 'smb stops' ctl stop smb
equal 'what requires it stopped with it' stopped "$(field winbind .state)"
ctdb=$(pid_of ctdb)
: >"$T/said"
kill -KILL "$ctdb"
wait_for 'ctdb is back' service_is_new ctdb "$ctdb"
wait_for 'ctdb has said so' said 'ctdb comes'
equal 'smb is still stopped' stopped "$(field smb .state)"

# requires: pulls in, and waits for it.
: >"$T/said"
may ready hand
start=$(api POST /v1/services/hand/start | jq -r .id)
wait_for 'tool has come' said 'tool comes'
equal 'hand waits' waiting "$(field hand .state)"
may ready tool
equal 'the start' ok "$(api GET "/v1/operations/$start?wait=60s" | jq -r .result)"
equal 'the order they came in' 'tool hand' "$(sed -n 's/ comes//p' "$T/said" | xargs)"
# Stops with, and before it.
: >"$T/said"
stop=$(api POST /v1/services/tool/stop | jq -r .id)
wait_for 'hand is told to leave' said 'hand leaves'
equal 'tool is there until hand has left' ready "$(field tool .state)"
refuse 'tool was told to leave' said 'tool leaves'
may leave hand tool
equal 'the stop' ok "$(api GET "/v1/operations/$stop?wait=60s" | jq -r .result)"
equal 'the order they left in' 'hand tool' "$(sed -n 's/ left//p' "$T/said" | xargs)"
# Restarts with: down before it, up after it.
expect 'hand starts' ctl start hand
: >"$T/said"
expect 'tool restarts' ctl restart tool
wait_for 'hand is back' service_is hand ready
equal 'the order of a restart' 'hand left tool left tool comes hand comes' "$(grep -v leaves "$T/said" | xargs)"

# The end of all: reverse order, each told only when those after it are gone.
expect 'winbind starts, and smb with it' ctl start winbind
rm "$T"/leave/*
: >"$T/said"
kill -TERM "$KEEPER"
wait_for 'winbind and hand are told to leave' sh -c "grep -qx 'winbind leaves' $T/said && grep -qx 'hand leaves' $T/said"
equal 'nobody else is' 'hand leaves winbind leaves' "$(sort "$T/said" | xargs)"
may leave winbind hand smb
wait_for 'ctdb is told to leave' said 'ctdb leaves'
refuse 'disk is told to leave too early' said 'disk leaves'
refuse 'net is told to leave too early' said 'net leaves'
may leave ctdb tool disk net
wait_for 'the daemon ends' gone "$KEEPER"
KEEPER=
equal 'the order they left in' 'winbind smb ctdb' "$(sed -n 's/ left//p' "$T/said" | grep -E 'winbind|smb|ctdb' | xargs)"
expect 'disk left after all' said 'disk left'
