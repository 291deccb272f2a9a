#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# With nothing periodic configured, idle means zero wake-ups: over ten seconds neither the keeper nor any thread of the
# manager runs once, though services are up, runs were made, records wait for nothing any more and two programs watch.
# test: serial
. "$(dirname "$0")/lib.sh"

# A sink has a thread of its own, which must sleep as well; neither the age of its file nor a rate limit ticks.
settings <<E
[logs]
rate_lines = 100
[[logs.sink]]
kind = "file"
path = "$T/daemon/services.log"
max_age = "1s"
E
for name in one two three; do
	service $name <<E
[service]
command = ["sh", "-c", "echo up; exec sleep 1000"]
[service.ready]
output = "up"
E
done
start_daemon
for name in one two three; do
	wait_for "$name is ready" service_is $name ready
done
run_to_end '{"command": ["sh", "-c", "echo something"]}' >"$T/record"
equal 'the run' exited "$(jq -r .outcome "$T/record")"
manager=$(manager_pid)

# Every switch of every thread, voluntary or not: one that is woken up makes at least one.
switches()
{
	cat /proc/"$KEEPER"/task/*/status /proc/"$manager"/task/*/status | awk '/ctxt_switches/ { n += $2 } END { print n }'
}

# Watched, with nothing to tell.
for watcher in one two; do
	curl -sN --unix-socket "$SOCKET" http://localhost/v1/watch >"$T/watch.$watcher" &
	remember $!
	wait_for "watcher $watcher has seen everything" grep -q snapshot_end "$T/watch.$watcher"
done

# Within ten seconds all that was begun is finished: records are made safe, idle connections closed, memory is given back, the
# counters are kept. From then on nothing happens, for longer than any of these; here the waiting is the measurement.
quiet()
{
	_before=$(switches)
	sleep 10.5
	_after=$(switches)
	echo "context switches of keeper and manager over 10.5 s: $((_after - _before))"
	test "$_before" = "$_after"
}
wait_for 'neither keeper nor manager runs' quiet
equal 'the manager' "$manager" "$(manager_pid)"
stop_daemon
