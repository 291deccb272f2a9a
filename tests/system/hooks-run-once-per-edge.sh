#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Hooks: one run for each edge in the life of services and jobs, with what happened in the environment; edges that come
# closely become one; one that hangs delays neither other hooks nor the service, and is ended by its time-out; and none is
# lost or doubled while managers are killed.
# test: asan
. "$(dirname "$0")/lib.sh"

service told <<E
[hook]
on = ["service.ready", "service.failed", "service.given_up", "service.stopped", "job.failed"]
of = ["leaf", "frail", "backup"]
debounce = "0s"
command = ["sh", "-c", "echo \$CTDB_PROCESSD_EDGE \$CTDB_PROCESSD_OF \$CTDB_PROCESSD_STATE: \$CTDB_PROCESSD_REASON \$CTDB_PROCESSD_COUNT >>$T/told"]
E
service seldom <<E
[hook]
on = "service.failed"
of = ["leaf"]
debounce = "1h"
command = ["sh", "-c", "echo \$CTDB_PROCESSD_COUNT >>$T/seldom"]
E
service hangs <<E
[hook]
on = "service.failed"
timeout = "500ms"
debounce = "0s"
command = ["sh", "-c", "trap '' TERM; echo \$CTDB_PROCESSD_OF >>$T/hangs; sleep 1000"]
stop_timeout = "100ms"
E
printf '[job]\ncommand = ["false"]\n' >"$CONFIG/backup.toml"
service leaf <<E
[service]
command = ["sleep", "1000"]
[service.restart]
delay = "10ms"
jitter_percent = 0
max_delay = "10ms"
E
service frail <<E
[service]
command = ["false"]
start = "manual"
[service.restart]
policy = "never"
E
start_daemon
is_told()
{ # of PATTERN
	grep -sq "$1" "$T/told"
}
wait_for 'a service that is ready is told of' is_told '^service.ready leaf ready: it runs'
pid=$(field leaf .main.pid)
kill -9 "$pid"
wait_for 'one that fails is told of, with the reason' is_told '^service.failed leaf backoff: .*SIGKILL'
wait_for 'it is up again' service_is_new leaf "$pid"
ctl start --no-wait frail >/dev/null
wait_for 'one that cannot run has failed' is_told '^service.failed frail failed'
wait_for 'and is given up' is_told '^service.given_up frail failed'
refuse 'a job that fails' ctl job run backup
wait_for 'is told of' is_told '^job.failed backup .*exited with code 1'

ended_late()
{
	[ "$(api GET '/v1/runs?kind=hook&name=hangs&outcome=timed_out' | jq '.runs | length')" -ge 2 ]
}
wait_for 'a hook that hangs is ended' ended_late
equal 'for each service' 'frail leaf' "$(sort -u "$T/hangs" | paste -sd ' ')"
equal 'edges that come closely are one run' 1 "$(cat "$T/seldom")"

# Edges while managers die: each death of the service is told, in runs of its own or together.
deaths=8
for _ in $(seq "$deaths"); do
	pid=$(field leaf .main.pid)
	kill -9 "$(manager_pid)"
	kill -9 "$pid"
	wait_for 'the service is up again' service_is_new leaf "$pid"
done
times_told()
{
	sed -n 's/^service.failed leaf.* //p' "$T/told" | awk '{ n += $1 } END { print n + 0 }'
}
all_told()
{
	[ "$(times_told)" -ge $((deaths + 1)) ] && [ "$(api GET /v1/jobs/told | jq -r .state)" = idle ]
}
wait_for 'every death was told of' all_told
equal 'and none twice' $((deaths + 1)) "$(times_told)"
equal 'what came closely waits as one' "$deaths" "$(api GET /v1/jobs/seldom | jq '.pending[0].count')"
ctl stop leaf >/dev/null
wait_for 'a stop is told of' is_told '^service.stopped leaf stopped'
stop_daemon
