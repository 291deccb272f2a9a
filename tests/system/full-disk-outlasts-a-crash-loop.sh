#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A service that crashes without a pause while nothing can be put on record is restarted all the same, and what its runs
# hold in the keeper and the manager stays within a bound.
. "$(dirname "$0")/lib.sh"
need_root

mount -t tmpfs -o size=1m none "$STATE" # too small for the first growth of runs.tdb
service crasher <<E
[service]
command = ["true"]
[service.restart]
policy = "always"
delay = "0s"
burst = 0
E
start_daemon
restarted()
{
	[ "$(field crasher .restarts)" -ge "$1" ]
}
WAIT=100 wait_for 'it is restarted more often than runs may wait' restarted 1100
descriptors=$(find "/proc/$KEEPER/fd" -type l | wc -l)
expect "the keeper's descriptors are bounded, not $descriptors" test "$descriptors" -lt 4100
equal 'times that the log says so' 1 "$(grep -c 'the oldest of services are given up' "$LOG")"
equal 'a run of somebody' 507 "$(status_of POST /v1/runs '{"command": ["true"]}')"

mount -o remount,size=64m "$STATE"
wait_for 'the log says how many' grep -q 'run records can be written again given_up=[1-9]' "$LOG"
wait_for 'a run of somebody is accepted again' api POST /v1/runs '{"command": ["true"]}'
stop_daemon
