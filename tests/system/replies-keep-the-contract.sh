#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Replies of the running daemon are those that docs/openapi.yaml promises: every route, every status and kind of problem,
# every key; and what is documented does come.
. "$(dirname "$0")/lib.sh"
need python3 perl
python3 -c 'import yaml' 2>/dev/null || skip 'needs PyYAML'

OPENAPI=$TEST_DIR/../../docs/openapi.yaml
PYTHONPATH=$TEST_DIR
PYTHONDONTWRITEBYTECODE=1
export OPENAPI PYTHONPATH PYTHONDONTWRITEBYTECODE CONFIG T

settings <<E
stop_budget = "20s"
[access]
read = { users = ["nobody"] }
[limits]
runs = 6
request_timeout = "500ms"
body = "64KiB"
[[logs.sink]]
name = "terminal"
kind = "stderr"
E
# One that is well and says so, one that fails again and again, one that waits for that, one that will be removed, and one
# that cannot be started.
cat >"$T/well" <<'E'
use Socket;
$| = 1;
print "up\n";
socket(my $notify, PF_UNIX, SOCK_DGRAM, 0);
connect($notify, sockaddr_un($ENV{NOTIFY_SOCKET}));
send($notify, "STATUS=serving\nREADY=1\n", 0);
send($notify, "RELOADING=1\n", 0);
sleep 1000;
E
service well <<E
[service]
command = ["perl", "$T/well"]
[service.ready]
notify = true
[service.check.good]
unix = "$SOCKET"
every = "100ms"
level = "alive"
[service.check.bad]
tcp = "127.0.0.1:9"
every = "100ms"
threshold = 1
E
service fails <<E
[service]
command = ["sh", "-c", "echo why; echo and that; exit 3"]
[service.ready]
output = "ready"
[service.restart]
delay = "100ms"
max_delay = "1h"
[service.logs]
rate_lines = 1
rate_period = "1h"
[[service.logs.sink]]
kind = "file"
path = "$T/missing/log"
E
service waits <<E
[service]
command = ["sleep", "1000"]
requires = ["fails"]
after = ["fails"]
binds_to = ["fails"]
E
service goes <<E
[service]
command = ["sh", "-c", "trap : HUP; echo up; while :; do sleep 0.1; done"]
service_groups = ["files"]
[service.ready]
output = "up"
E
service broken <<E
[service]
command = ["/nowhere/program"]
start = "manual"
E
# While this one is being stopped there is time to ask. The daemon shares its cgroup with us, so there are no controllers for it.
service stays <<E
[service]
command = ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"]
cgroup = { memory_max = "1GiB" }
environment = { SECRET = "hush" }
[service.stop]
timeout = "3s"
E
service backup <<E
[job]
command = ["sh", "-c", "echo \$CTDB_PROCESSD_CAUSE; exit 3"]
every = "1h"
on_change = ["$T/exports"]
on_failure = ["broken"]
timeout = "1h"
E
service lasting <<E
[job]
command = ["sleep", "1000"]
overlap = "skip"
allow = { users = ["nobody"] }
E
service nowhere <<E
[job]
command = ["/nowhere/program"]
E
service page <<E
[hook]
on = ["service.failed"]
of = ["fails"]
debounce = "1h"
command = ["true"]
E
start_daemon
wait_for 'a service is ready' service_is well ready
wait_for 'another waits to be restarted' service_is fails backoff
wait_for 'a check fails' sh -c "'$BIN_DIR/processctl' status well | grep -q 'bad failing'"
python3 "$TEST_DIR/replies-keep-the-contract.py" || fail 'the replies and docs/openapi.yaml differ'
wait_for 'the daemon has stopped' gone "$KEEPER"
