#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A pid that was ours belongs to nobody of ours any more once the process has ended: whatever is then asked of the run or
# the service, no signal reaches the foreign process that now has the pid.
. "$(dirname "$0")/lib.sh"
need_root
need perl
[ -w /proc/sys/kernel/ns_last_pid ] || skip 'needs a kernel with ns_last_pid'

service web <<E
[service]
command = ["sleep", "1000"]
[service.restart]
policy = "never"
[service.stop]
timeout = "1s"
E
start_daemon

# take PID: a process of ours, foreign to the daemon, gets this pid. It counts the signals that it gets, in $T/signals.PID.
cat >"$T/take" <<'E'
use strict;
my ($wanted, $file) = @ARGV;
for (1 .. 1000) {
	open my $last, '>', '/proc/sys/kernel/ns_last_pid' or die "ns_last_pid: $!";
	syswrite $last, $wanted - 1;
	close $last;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		exit if $$ != $wanted;
		for my $name (qw(HUP INT QUIT TERM USR1 USR2 CONT)) {
			$SIG{$name} = sub { open my $f, '>>', $file; print $f "$name\n" };
		}
		open my $f, '>', $file;
		print $f "ready\n";
		close $f;
		sleep 1000 while 1;
	}
	exit 0 if $pid == $wanted;
	waitpid $pid, 0;
}
exit 1;
E
take()
{
	perl "$T/take" "$1" "$T/signals.$1"
}
taken()
{
	wait_for "a foreign process has pid $1" take "$1"
	wait_for 'it is ready' grep -q ready "$T/signals.$1"
}
untouched()
{
	refuse "the foreign process with pid $1 was killed" gone "$1"
	equal "signals that the foreign process with pid $1 got" ready "$(cat "$T/signals.$1")"
}

# A run that has ended.
run_to_end '{"command": ["true"]}' >"$T/record"
id=$(jq -r .id "$T/record") pid=$(jq -r .pid "$T/record")
taken "$pid"
equal 'cancel of an ended run' 200 "$(status_of DELETE "/v1/runs/$id?wait=10s")"
equal 'its outcome stays' 'exited 0' "$(jq -r '"\(.outcome) \(.code)"' "$T/reply")"
untouched "$pid"

# A service whose main process was killed.
wait_for 'the service is ready' service_is web ready
main=$(field web .main.pid)
kill -KILL "$main"
wait_for 'the service has failed' service_is web failed
taken "$main"
for scope in leader group tree; do
	equal "a signal to the $scope of a service that does not run" 409 \
		"$(status_of POST /v1/services/web/signal "{\"signal\": \"TERM\", \"scope\": \"$scope\"}")"
done
api POST '/v1/services/web/stop?wait=10s' >"$T/operation"
equal 'the stop' 'ok []' "$(jq -rc '"\(.result) \(.survivors)"' "$T/operation")"
untouched "$main"

# The next manager knows no better.
manager=$(manager_pid)
kill -KILL "$manager"
expect 'the next manager answers' api GET /v1/system
taken "$manager"
equal 'cancel again' 200 "$(status_of DELETE "/v1/runs/$id?wait=10s")"
api POST '/v1/services/web/restart?wait=30s' >/dev/null
wait_for 'the service is ready again' service_is web ready
untouched "$pid"
untouched "$main"
untouched "$manager"

# Nor does the end of everything.
stop_daemon
for each in "$pid" "$main" "$manager"; do
	untouched "$each"
done
