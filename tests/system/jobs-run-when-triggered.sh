#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Jobs: asked for by people, also those whom only the job allows; by time; by paths that change, are replaced, come and go;
# by a service's failure and by a check; overlaps; aborted ones; what runs and what waits goes on over another manager, and
# a path that changed meanwhile is seen.
# test: asan
. "$(dirname "$0")/lib.sh"

service backup <<E
[job]
command = ["sh", "-c", "echo backup: \$CTDB_PROCESSD_CAUSE; test ! -e $T/broken"]
allow = { users = ["nobody"] }
E
service often <<E
[job]
command = ["true"]
every = "200ms"
jitter_percent = 0
E
service seldom <<E
[job]
command = ["true"]
every = "1h"
E
service exports <<E
[job]
command = ["sh", "-c", "echo x >>$T/seen"]
on_change = ["$T/dir/exports", "$T/dir/exports.d"]
settle = "20ms"
E
for overlap in skip queue replace; do
	service "slow-$overlap" <<E
[job]
command = ["sh", "-c", "echo x >>$T/$overlap; while test ! -e $T/go; do sleep 0.05; done"]
overlap = "$overlap"
stop_timeout = "1s"
E
done
service collect <<E
[job]
command = ["sh", "-c", "echo \$CTDB_PROCESSD_EDGE of \$CTDB_PROCESSD_OF >>$T/collected"]
on_failure = ["leaf"]
E
service leaf <<E
[service]
command = ["sleep", "1000"]
[service.restart]
delay = "50ms"
E
service checked <<E
[service]
command = ["sleep", "1000"]
[service.check.there]
command = ["test", "!", "-e", "$T/trouble"]
every = "100ms"
threshold = 1
action = "job"
job = "collect"
E
start_daemon

of_job()
{ # NAME JQ
	api GET "/v1/jobs/$1" | jq -r "$2"
}
lines_are()
{ # FILE COUNT
	[ -e "$1" ] && [ "$(wc -l <"$1")" -eq "$2" ]
}
has_run()
{ # NAME TIMES
	[ "$(of_job "$1" .runs)" -ge "$2" ]
}
# A change that is more than one (created, then written to) may be seen as one or as two.
seen_since()
{
	[ -e "$T/seen" ] && [ "$(wc -l <"$T/seen")" -gt "$seen" ] && [ "$(of_job exports .state)" = idle ]
}
change_is_seen()
{
	wait_for "$1" seen_since
	seen=$(wc -l <"$T/seen")
}

# People.
expect 'a job runs when asked' ctl job run backup
equal 'it knows who asked' 'backup: uid 0 (processctl, pid' "$(of_job backup '.last.lines[0].text' | cut -d ' ' -f 1-5)"
equal 'its record says who asked' processctl "$(api GET '/v1/runs?kind=job&name=backup' | jq -r '.runs[0].asked_by.command')"
: >"$T/broken"
refuse 'a job that fails is told' ctl job run backup
cp "$T/daemon/last" "$T/said"
expect 'with how it ended' grep -q 'exited with code 1' "$T/said"
expect 'with its last lines' grep -q 'backup: uid 0' "$T/said"
rm "$T/broken"
equal 'its failures are counted' 1 "$(of_job backup .failures)"
equal 'an unknown job is told' 404 "$(status_of POST /v1/jobs/bakup/run)"
expect 'with the nearest' grep -q 'did you mean \\"backup\\"' "$T/reply"

as_nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups curl -sS -o /dev/null -w '%{http_code}' --unix-socket "$SOCKET" -X POST \
		"http://localhost$1"
}
chmod 755 "$T" "$T/daemon" "$RUNTIME"
equal 'whom the job allows may run it' 200 "$(as_nobody '/v1/jobs/backup/run?wait=30s')"
equal 'and no other' 403 "$(as_nobody /v1/jobs/often/run)"

# Time.
wait_for 'a periodic job has run three times' has_run often 3
expect 'and its next start is known' test "$(of_job often .next)" != null

# Paths.
equal 'what is missing at first triggers nothing' 0 "$(of_job exports .runs)"
seen=0
mkdir "$T/dir"
echo one >"$T/dir/exports"
change_is_seen 'a file that comes with its directory is seen'
echo two >"$T/dir/new"
mv "$T/dir/new" "$T/dir/exports"
change_is_seen 'one that is replaced is seen'
echo three >>"$T/dir/exports"
change_is_seen 'one that is written to is seen'
mkdir "$T/dir/exports.d"
change_is_seen 'a directory that comes is seen'
: >"$T/dir/exports.d/a"
change_is_seen 'and what comes into it'
rm -r "$T/dir"
change_is_seen 'what goes is seen'
mkdir "$T/dir"
echo one >"$T/dir/exports"
change_is_seen 'and what comes again'
runs=$(of_job exports .runs)
echo other >"$T/dir/other"

# Overlaps.
for overlap in skip queue replace; do ctl job run --no-wait "slow-$overlap" >/dev/null; done
for overlap in skip queue replace; do wait_for 'they run' lines_are "$T/$overlap" 1; done
equal 'a job that is to be skipped is refused' 409 "$(status_of POST /v1/jobs/slow-skip/run)"
first=$(api POST /v1/jobs/slow-queue/run | jq -r .id)
second=$(api POST /v1/jobs/slow-queue/run | jq -r .id)
equal 'those that queue wait' running "$(api GET "/v1/operations/$first" | jq -r .state)"
equal 'as one' 2 "$(of_job slow-queue '.pending[0].count')"
api DELETE "/v1/operations/$second" >/dev/null
equal 'one of them can be aborted alone' 1 "$(of_job slow-queue '.pending[0].count')"
operation=$(api GET '/v1/operations?service=slow-skip&state=running' | jq -r '.operations[0].id')
api DELETE "/v1/operations/$operation" >/dev/null
idle()
{
	[ "$(of_job slow-skip .state)" = idle ]
}
wait_for 'a run that nobody else asked for is ended with its operation' idle
equal 'and was cancelled' cancelled "$(of_job slow-skip .last.outcome)"
ctl job run --no-wait slow-replace >/dev/null
wait_for 'one that is replaced is ended for the next' lines_are "$T/replace" 2
equal 'a file that nobody watches triggers nothing' "$runs" "$(of_job exports .runs)"

# Another manager.
due=$(of_job seldom .next) # with a random part of minutes
manager=$(manager_pid)
kill -9 "$manager"
echo four >"$T/dir/exports"
another()
{
	[ "$(manager_pid)" != "$manager" ]
}
wait_for 'there is another manager' another
same_time 'when what has never run is due' "$due" "$(of_job seldom .next)"
equal 'what ran goes on' running "$(of_job slow-queue .state)"
equal 'what waited waits' 1 "$(of_job slow-queue '.pending[0].count')"
change_is_seen 'the change in between is seen'
: >"$T/go"
wait_for 'and the queued one has run' lines_are "$T/queue" 2
equal 'which ends its operation' ok "$(api GET "/v1/operations/$first?wait=30s" | jq -r .result)"

# Failures.
kill -9 "$(field leaf .main.pid)"
wait_for 'a service that fails makes its job run' grep -sqx 'service.failed of leaf' "$T/collected"
: >"$T/trouble"
wait_for 'a check that fails makes its job run' grep -sqx 'check.failing of checked' "$T/collected"

# Reloads.
rm "$CONFIG/often.toml"
printf '[job]\ncommand = ["true"]\n' >"$CONFIG/fresh.toml"
ctl reload >"$T/out"
expect 'a reload says what came' grep -q 'fresh .*added' "$T/out"
equal 'and the job is there' idle "$(of_job fresh .state)"
equal 'the other is gone' 404 "$(status_of GET /v1/jobs/often)"
ctl job list >"$T/out"
expect 'the table lists them' grep -q '^collect .*service.failed of leaf' "$T/out"
stop_daemon
