#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A program that hangs while it is being executed, as one on a file system that does not answer, is a run that could not
# start, with the step that it is stuck in; a service of it fails with that sentence; and all others go on meanwhile.
. "$(dirname "$0")/lib.sh"
need_root
need perl

# The kernel asks the Perl program whether the file may be executed, and gets no answer until that ends.
cat >"$T/program" <<'E'
#!/bin/sh
sleep 1000
E
chmod 755 "$T/program"
cat >"$T/hold" <<'E'
my ($init, $mark, $content_cloexec, $add, $open_exec_perm, $here) = (300, 301, 5, 1, 0x40000, -100);
my ($path, $held) = @ARGV;
my $fd = syscall($init, $content_cloexec, 0);
exit 77 if $fd < 0 || syscall($mark, $fd, $add, $open_exec_perm, $here, $path) < 0;
open(my $file, ">", $held);
close $file;
sleep 1000;
E
[ "$(uname -m)" = x86_64 ] || skip 'knows the system calls of x86_64 only'
perl "$T/hold" "$T/program" "$T/held" &
holder=$!
remember "$holder"
held_or_not()
{
	[ -e "$T/held" ] || gone "$holder"
}
wait_for 'the program is held' held_or_not
[ -e "$T/held" ] || skip 'needs permission events of fanotify'

service stuck <<E
[service]
command = ["$T/program"]
start = "manual"
spawn_timeout = "300ms"
[service.restart]
policy = "never"
E
service well <<E
[service]
command = ["sleep", "1000"]
E
start_daemon
wait_for 'another service is up' service_is well ready
main=$(field well .main.pid)

api PUT /v1/runs/held "{\"command\": [\"$T/program\"], \"spawn_timeout_ms\": 400}" >"$T/run"
run_to_end '{"command": ["true"]}' >"$T/other"
equal 'another command meanwhile' 'exited 0' "$(jq -r '"\(.outcome) \(.code)"' "$T/other")"
api GET '/v1/runs/held?wait=30s' >"$T/run"
equal 'the outcome' 'spawn_failed stuck:exec null null null' \
	"$(jq -r '"\(.outcome) \(.stage) \(.errno) \(.code) \(.signal)"' "$T/run")"
code=0
ctl run --spawn-timeout 300ms -- "$T/program" 2>"$T/said" || code=$?
equal 'exit code' 125 "$code"
expect 'the sentence says where' grep -q 'could not start: stuck:exec' "$T/said"

code=0
ctl start stuck 2>"$T/said" || code=$?
equal 'exit code of the start' 1 "$code"
expect 'so it does for a service' grep -q 'could not start: stuck:exec' "$T/said"
equal 'the other service went on' "$main" "$(field well .main.pid)"

# Once it answers the same service starts.
kill "$holder"
wait_for 'the holder has gone' gone "$holder"
ctl start stuck >"$T/said"
equal 'state' ready "$(field stuck .state)"
stop_daemon
