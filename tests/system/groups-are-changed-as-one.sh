#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A group of services is started, stopped and restarted as one operation, in the order of its members, whatever happens to
# the manager meanwhile; it is what its members say, and "@GROUP" stands for them where services are named.
# test: asan
. "$(dirname "$0")/lib.sh"

mkdir "$T/ready" "$T/leave"
: >"$T/said"
cat >"$T/member" <<'E'
#!/bin/sh
# member NAME: is told to leave, and does once it may.
trap 'echo "$1 leaves" >>"$T/said"; until [ -e "$T/leave/$1" ]; do sleep 0.02; done; echo "$1 left" >>"$T/said"; exit 0' TERM
echo "$1 comes" | tee -a "$T/said"
while :; do
	sleep 1000 &
	wait $!
done
E
chmod 755 "$T/member"

# member NAME LINES: a service that is ready when it has said that it comes and $T/ready/NAME exists, and leaves when $T/leave/NAME does.
member()
{
	service "$1" <<E
[service]
command = ["$T/member", "$1"]
environment = { T = "$T" }
$2
[service.ready]
command = ["sh", "-c", "test -e $T/ready/$1 && grep -qx '$1 comes' $T/said"]
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

order()
{
	sed -n "s/ $1\$//p" "$T/said" | xargs
}

# As refuse; what was said is in $T/told.
refused()
{
	refuse "$@"
	cp "$T/daemon/last" "$T/told"
}

kill_manager()
{
	_manager=$(manager_pid)
	kill -KILL "$_manager"
	wait_for 'another manager serves' sh -c "[ \"\$(curl -sS --unix-socket '$SOCKET' http://localhost/v1/system | jq .manager.pid)\" -gt 0 ]"
	[ "$(manager_pid)" != "$_manager" ] || fail 'the manager is the same'
}

result_of()
{
	api GET "/v1/operations/$1?wait=60s" | jq -r '.result + (if .reason == "" then "" else ": " + .reason end)'
}

# Only order binds top to base, which is first by name: it must not be stopped before it is known that top is to stop.
member base 'service_groups = ["nfs"]'
member needs 'requires = ["top"]
service_groups = ["nfs", "half"]'
member top 'after = ["base"]
service_groups = ["nfs"]'
member other 'service_groups = ["smb"]'
may ready base needs top other
start_daemon
wait_for 'all are ready' ctl wait @nfs other --timeout 1s
other=$(field other .main.pid)

# What there is.
equal 'the groups' 'half:needs nfs:base,needs,top smb:other' \
	"$(ctl groups --json | jq -r '[.groups[] | .name + ":" + (.members | join(","))] | join(" ")')"
equal 'how many are ready' '3 0 0' "$(api GET /v1/groups | jq -r '.groups[1] | "\(.ready) \(.failed) \(.stopped)"')"
expect 'the table' sh -c "'$BIN_DIR/processctl' groups | grep -Eq '^nfs +3 of 3 +0 +0 +base, needs, top$'"
equal 'services of a group' 'base needs top' "$(api GET '/v1/services?group=nfs' | jq -r '[.services[].name] | join(" ")')"
equal 'status of a group' 'base needs top' "$(ctl status @nfs base --json | jq -r .name | xargs)"
group_logs()
{
	[ "$(ctl logs -s @nfs --json | jq -r '.lines[].text' | sort | xargs)" = 'base comes needs comes top comes' ]
}
wait_for 'the logs of a group are there, and no others' group_logs
expect 'why' sh -c "'$BIN_DIR/processctl' why @smb | grep -q '^other is ready'"
equal 'a group that is not there' \
	'there is no group "nsf"; did you mean "nfs"? (there are: half, nfs, smb)' "$(status_of POST /v1/groups/nsf/stop >"$T/status" && jq -r .detail "$T/reply")"
equal 'its status' 404 "$(cat "$T/status")"
refused 'nor does processctl know it' ctl status @nsf
expect 'and says so' grep -q 'did you mean "nfs"' "$T/told"

# A stop: last come, first gone, and another manager goes on with it.
: >"$T/said"
stop=$(api POST /v1/groups/nfs/stop | jq -r .id)
wait_for 'needs is told to leave' said 'needs leaves'
kill_manager
equal 'the whole' '@nfs running 3' "$(api GET "/v1/operations/$stop" | jq -r '"\(.service) \(.state) \(.parts | length)"')"
may leave needs
wait_for 'top is told to leave' said 'top leaves'
refuse 'base is told to leave while top is there' said 'base leaves'
equal 'base is there' ready "$(field base .state)"
may leave top base
equal 'the stop' ok "$(result_of "$stop")"
equal 'the order they left in' 'needs top base' "$(order left)"
equal 'how it is known' "$(api GET /v1/system | jq -r .proof)" "$(api GET "/v1/operations/$stop" | jq -r .proof)"
equal 'the parts' 'base stop ok needs stop ok top stop ok' \
	"$(api GET '/v1/operations?limit=1000' | jq -r --arg id "$stop" '[.operations[] | select(.part_of == $id) | "\(.service) \(.action) \(.result)"] | sort | join(" ")')"
equal 'the other group' "$other" "$(field other .main.pid)"
equal 'how many are stopped' '0 3' "$(api GET /v1/groups | jq -r '.groups[1] | "\(.ready) \(.stopped)"')"

# A start: they wait for each other.
: >"$T/said"
rm "$T/ready/base"
start=$(api POST /v1/groups/nfs/start | jq -r .id)
wait_for 'base has come' said 'base comes'
kill_manager
equal 'the others wait' 'waiting waiting' "$(field needs .state) $(field top .state)"
may ready base
equal 'the start' ok "$(result_of "$start")"
equal 'the order they came in' 'base top needs' "$(order comes)"

# A restart: down and up in that order, and none of them twice.
: >"$T/said"
expect 'the restart' ctl restart @nfs
equal 'the order of a restart' 'needs left top left base left base comes top comes needs comes' "$(grep -v leaves "$T/said" | xargs)"
# Of what is down it is a start.
expect 'the stop' ctl stop @nfs
expect 'the restart of what is down' ctl restart @nfs
equal 'all are ready' 'ready ready ready' "$(field base .state) $(field needs .state) $(field top .state)"

# One that is held keeps all from beginning.
expect 'stop' ctl stop @nfs
expect 'hold' ctl hold @half
: >"$T/said"
refused 'a start with a held member' ctl start @nfs
expect 'it says which' grep -q 'service "needs" is held by' "$T/told"
equal 'nothing has begun' 'stopped stopped' "$(field base .state) $(field top .state)"
equal 'nothing is on record as open' 0 "$(api GET '/v1/operations?state=running' | jq '.operations | length')"
expect 'release' ctl release @half

# What is aborted is aborted in all parts.
rm "$T/ready/base"
start=$(api POST /v1/groups/nfs/start | jq -r .id)
wait_for 'base has come' said 'base comes'
expect 'the abort' api DELETE "/v1/operations/$start"
equal 'the aborted start' aborted "$(api GET "/v1/operations/$start" | jq -r .result)"
equal 'nothing is open' 0 "$(api GET '/v1/operations?state=running' | jq '.operations | length')"
may ready base
wait_for 'what was begun goes on' ctl wait @nfs --timeout 1s

# Membership is the configuration's matter, and a change of it restarts nothing.
base=$(field base .main.pid)
sed -i 's/"nfs"/"smb"/' "$CONFIG/base.toml" "$CONFIG/top.toml"
service bad <<'E'
[service]
command = ["sh", "-c", "echo out of cheese; exit 7"]
start = "manual"
service_groups = ["smb"]
[service.ready]
notify = true
[service.restart]
policy = "never"
E
expect 'the reload' ctl reload
equal 'the groups now' 'half:needs nfs:needs smb:bad,base,other,top' \
	"$(ctl groups --json | jq -r '[.groups[] | .name + ":" + (.members | join(","))] | join(" ")')"
equal 'base is as it was' "$base" "$(field base .main.pid)"
equal 'nothing is new from the next start on' false "$(field base .config_changed)"
# A member that fails makes the whole fail, and says why.
refused 'a start with one that fails' ctl start @smb
expect 'it says which' grep -q '^processctl: start of @smb failed: bad: failed, ' "$T/told"
expect 'and what it said' grep -q 'out of cheese' "$T/told"
expect 'the others are ready' ctl wait base other top --timeout 1s
# A group that nobody is in any more is none.
sed -i 's/"nfs", "half"/"half"/' "$CONFIG/needs.toml"
expect 'the reload' ctl reload
equal 'the group is gone' 404 "$(status_of POST /v1/groups/nfs/start)"

may leave base needs top other
stop_daemon
