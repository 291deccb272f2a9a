#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What is under way when the keeper changes its program goes on to its end: a start that is held before exec, with its
# deadline, a back-off, a job, a stop that waits for its time-out, clients that wait. What happens while no program is there
# (between the old one's last word and the new one's first) is not lost: READY=1, output, an exit code, a request to the
# API, a signal to the keeper. WITHOUT_CGROUPS: where trees are emptied by sweeps.
# test: asan
. "$(dirname "$0")/lib.sh"
need_root
need perl
[ "$(uname -m)" = x86_64 ] || skip 'knows the system calls of x86_64 only'
if [ -n "${WITHOUT_CGROUPS:-}" ]; then
	mkdir "$T/nothing"
	awk '$3 == "cgroup2" { print $2 }' /proc/mounts | while read -r mount; do mount --bind "$T/nothing" "$mount"; done
	proof=sweep
elif [ -n "$CGROUP" ]; then
	proof=cgroup
else
	skip 'needs a cgroup'
fi
. "$TEST_DIR/lib-upgrade.sh"

# A program that the kernel does not execute before the holder ends, as stuck-before-exec-is-told.sh has it.
cat >"$T/held" <<'E'
#!/bin/sh
echo began
exec sleep 1000
E
chmod 755 "$T/held"
cp "$T/held" "$T/held-longer"
cat >"$T/hold" <<'E'
my ($init, $mark, $content_cloexec, $add, $open_exec_perm, $here) = (300, 301, 5, 1, 0x40000, -100);
my $fd = syscall($init, $content_cloexec, 0);
exit 77 if $fd < 0;
for my $path (@ARGV) { exit 77 if syscall($mark, $fd, $add, $open_exec_perm, $here, $path) < 0 }
open(my $file, ">", "$ARGV[0].is");
close $file;
sleep 1000;
E
perl "$T/hold" "$T/held" "$T/held-longer" &
holder=$!
remember "$holder"
held_or_not()
{
	[ -e "$T/held.is" ] || gone "$holder"
}
wait_for 'the programs are held' held_or_not
[ -e "$T/held.is" ] || skip 'needs permission events of fanotify'

service held <<E
[service]
command = ["$T/held"]
start = "manual"
spawn_timeout = "1m"
E
service late <<E
[service]
command = ["$T/held-longer"]
start = "manual"
spawn_timeout = "1500ms"
[service.restart]
policy = "never"
E
service failing <<E
[service]
command = ["false"]
[service.restart]
delay = "1h"
max_delay = "2h"
E
service job <<E
[job]
command = ["sh", "-c", "echo job began; until [ -e $T/over ]; do sleep 0.05; done; echo job over; exit 4"]
E
service deaf <<E
[service]
command = ["sh", "-c", "trap '' TERM; setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' & while :; do sleep 1; done"]
[service.stop]
timeout = "1s"
E
cat >"$T/tell" <<'E'
use Socket;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;
send($s, join("\n", @ARGV), 0, sockaddr_un($ENV{NOTIFY_SOCKET})) or die;
E
service tells <<E
[service]
command = ["sh", "-c", "until [ -e $T/executing ]; do sleep 0.02; done; perl $T/tell STATUS=warm READY=1; echo told; : >$T/told; exec sleep 1000"]
[service.ready]
notify = true
E
service leaf <<E
[service]
command = ["sleep", "1000"]
E
processctl=$BIN_DIR/processctl
BIN_DIR=$PROGRAMS start_daemon
wait_for 'a service is up' service_is leaf ready
wait_for 'another is up' service_is deaf ready
wait_for 'one has failed' service_is failing backoff
wait_for 'one is not ready' service_is tells starting
stays leaf
next=$(field failing '.next.at')
deaf=$(field deaf .main.pid)
below=$(list_descendants "$deaf")

install_one_that_pauses

"$processctl" start held >"$T/start-held" 2>&1 &
start_held=$!
"$processctl" start late >"$T/start-late" 2>&1 &
start_late=$!
"$processctl" job run job >"$T/job" 2>&1 &
job=$!
"$processctl" run -- sh -c "echo one; until [ -e $T/executing ]; do sleep 0.02; done; echo two; : >$T/said; exit 9" >"$T/run" 2>&1 &
run=$!
remember "$start_held" "$start_late" "$job" "$run"
in_clone()
{
	[ "$(pgrep -cf '^[^ ]*ctdb-processd --foreground')" -ge 3 ] # the keeper, and what is not executed yet
}
wait_for 'two are between clone and exec' in_clone
job_runs()
{
	api GET '/v1/runs?kind=job&state=running' | jq -e '.runs | length == 1'
}
wait_for 'the job runs' job_runs
"$processctl" stop deaf >"$T/stop-deaf" 2>&1 &
stop_deaf=$!
"$processctl" upgrade >"$T/said-upgrade" 2>&1 &
upgrade=$!
remember "$stop_deaf" "$upgrade"

wait_for 'nobody is there' test -e "$T/executing"
wait_for 'a service tells that it is ready meanwhile' test -e "$T/told"
wait_for 'a run ends meanwhile' test -e "$T/said"
api PUT /v1/runs/meanwhile '{"command": ["sh", "-c", "exit 6"]}' >"$T/meanwhile" &
asked=$!
remember "$asked"
service later <<E
[service]
command = ["sleep", "1000"]
E
kill -HUP "$KEEPER"
: >"$T/go"

has_begun()
{
	api GET '/v1/logs?service=held' | jq -e '[.lines[].text] == ["began"]'
}
wait "$upgrade" || fail "the upgrade failed: $(cat "$T/said-upgrade")"
wait "$asked" || fail 'a request that came while nobody was there was not answered'
equal 'its run' 'exited 6' "$(api GET '/v1/runs/meanwhile?wait=30s' | jq -r '"\(.outcome) \(.code)"')"
wait_for 'the signal to read the configuration again was heard' service_is later ready
wait_for 'the service that told so is ready' service_is tells ready
equal 'what it told' warm "$(field tells .status_text)"
code=0
wait "$run" || code=$?
equal "processctl's run" '9 one two' "$code $(xargs <"$T/run")"
equal 'one in back-off' backoff "$(field failing .state)"
same_time 'when it is tried again' "$next" "$(field failing .next.at)"

wait "$stop_deaf" || fail "the stop failed: $(cat "$T/stop-deaf")"
equal 'the proof' "$proof" "$(api GET /v1/operations | jq -r '[.operations[] | select(.action == "stop")][0].proof')"
for pid in $deaf $below; do expect 'nothing of it is left' gone "$pid"; done

code=0
wait "$start_late" || code=$?
equal 'exit code of the start that was held too long' 1 "$code"
expect 'it says where' grep -q 'could not start: stuck:exec' "$T/start-late"
kill "$holder"
wait "$start_held" || fail "the start that was held failed: $(cat "$T/start-held")"
wait_for 'its output is there' has_begun

: >"$T/over"
code=0
wait "$job" || code=$?
expect "the job has failed, as it does: $(cat "$T/job")" test "$code" != 0
equal 'how the job ended' 'exited 4 job began job over' \
	"$(api GET "/v1/runs/$(api GET '/v1/runs?kind=job' | jq -r '.runs[0].id')" |
		jq -r '"\(.outcome) \(.code) " + ([.tail[].text] | join(""))' | xargs)"
all_stay
equal 'number of upgrades' 1 "$(upgrades)"

# Told to stop while nobody is there.
rm "$T/executing" "$T/go"
status_of POST /v1/upgrade >"$T/status"
equal 'the next upgrade' 202 "$(cat "$T/status")"
wait_for 'nobody is there' test -e "$T/executing"
kill -TERM "$KEEPER"
: >"$T/go"
wait_for 'the daemon ends' gone "$KEEPER"
code=0
wait "$KEEPER" || code=$?
KEEPER=
equal "the daemon's exit code" 0 "$code"
expect 'everything was stopped' grep -q 'everything is stopped' "$LOG"
