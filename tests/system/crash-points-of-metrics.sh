#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manager is killed while it counts, puts on record and tells what it has counted: nothing goes back, and each run is
# counted once.
# test: crash-points timeout=300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-metrics.sh"
. "$TEST_DIR/lib-deaths.sh"

CTDB_PROCESSD_NO_BACK_OFF=1
export CTDB_PROCESSD_NO_BACK_OFF
set_services
open_daemon
done_runs=0
count_one()
{
	done_runs=$((done_runs + 1))
	ask PUT "/v1/runs/counted-$done_runs" '{"command": ["true"]}' >/dev/null
	ask GET /v1/metrics >"$1"
}
count_one "$T/before"
for point in send:before:ask_figures send:after:ask_figures reply:before:GET reply:after:GET commit:before:state \
	commit:after:state commit:before:records commit:after:records; do
	arm "$point"
	until crashed; do
		count_one "$T/after"
	done
	_deaths=$((_deaths + 1))
	wait_for 'the next manager serves' serves $((_deaths + 1))
	ask GET /v1/metrics >"$T/after"
	grown "$T/before" "$T/after"
	mv "$T/after" "$T/before"
done
all_counted()
{
	look "$T/metrics" && grep -qx "processd_runs_total{kind=\"adhoc\",outcome=\"exited\"} $done_runs" "$T/metrics"
}
wait_for 'every run is counted' all_counted
close_daemon
