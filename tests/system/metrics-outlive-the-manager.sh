#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Whatever becomes of the manager, no counter goes back and each run is counted once; what the keeper counts is its own, and
# runs go on being counted when the whole daemon was started anew.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-metrics.sh"

CTDB_PROCESSD_NO_BACK_OFF=1
export CTDB_PROCESSD_NO_BACK_OFF
settings <<E
[[logs.sink]]
kind = "file"
path = "$T/daemon/lines"
E
# Two processes: one that uses the processor and ends without anybody waiting for it, again and again, and one that writes.
cat >"$T/busy" <<'E'
trap '' CHLD
while :; do
	(i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done)
	echo a line
	sleep 0.05
done
E
service busy <<E
[service]
command = ["bash", "$T/busy"]
[service.restart]
delay = "0s"
E
start_daemon
wait_for 'the service is ready' service_is busy ready

runs=0
run()
{
	runs=$((runs + 1))
	until PATIENCE=5 api PUT "/v1/runs/run-$runs" '{"command": ["sh", "-c", "echo hello"]}' >/dev/null 2>&1; do sleep 0.02; done
}
# Runs whose end the manager sees or does not: it is killed before their records are written, or at any other moment.
look "$T/before"
for round in 1 2 3 4 5 6; do
	run
	run
	[ $((round % 2)) = 0 ] || kill -KILL "$(field busy .main.pid)"
	old=$(manager_pid)
	kill -KILL "$old"
	run
	wait_for 'another manager counts' look "$T/after"
	grown "$T/before" "$T/after"
	cp "$T/after" "$T/before"
done
all_counted()
{
	look "$T/metrics" && grep -qx "processd_runs_total{kind=\"adhoc\",outcome=\"exited\"} $runs" "$T/metrics"
}
wait_for 'every run is counted' all_counted
is 'processd_run_duration_seconds_count{kind="adhoc",name=""}' "$runs"
is 'processd_log_bytes_total{service="",stream="stdout"}' "$((6 * runs))"
is 'processd_manager_restarts_total' 6
is 'processd_service_restarts_total{service="busy"}' 3
is 'processd_runs_total{kind="service",outcome="signaled"}' 3

# An orphan that the keeper reaps.
equal 'a run that leaves one' exited "$(run_to_end '{"command": ["sh", "-c", "(setsid sleep 1000 &) ; exit 0"]}' | jq -r .outcome)"
runs=$((runs + 1))
reaped()
{
	look "$T/metrics" && [ "$(sample processd_orphans_reaped_total)" -gt 0 ]
}
wait_for 'the keeper has reaped an orphan' reaped
grown "$T/before" "$T/metrics"

# A new keeper: its own counts begin anew, and say so; those of runs go on.
created=$(sample processd_manager_restarts_created)
wait_for 'every run is counted' all_counted
stop_daemon
start_daemon
look "$T/metrics"
is 'processd_manager_restarts_total' 0
refuse 'a new keeper has counted since the old one began' [ "$created" = "$(sample processd_manager_restarts_created)" ]
is 'processd_runs_total{kind="adhoc",outcome="exited"}' "$runs"

# A service that is gone takes its series with it.
rm "$CONFIG/busy.toml"
equal 'reload' 200 "$(status_of POST /v1/reload)"
forgotten()
{
	api POST '/v1/services/busy/stop?wait=10s' >/dev/null 2>&1
	look "$T/metrics" && ! grep -q busy "$T/metrics"
}
wait_for 'nothing is told of a service that is gone' forgotten
stop_daemon
