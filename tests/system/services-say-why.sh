#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# processctl why: sentences for each state, down to the one that others wait for; hold and release for maintenance, over
# another manager, with a watchdog and checks that do nothing meanwhile; reset-failed.
# test: asan
. "$(dirname "$0")/lib.sh"

service base <<E
[service]
command = ["sh", "-c", "test -e $T/works || { echo no storage today; exit 3; }; echo up; exec sleep 1000"]
[service.ready]
output = "up"
[service.restart]
delay = "1h"
jitter_percent = 0
E
service middle <<E
[service]
command = ["sleep", "1000"]
requires = ["base"]
E
service top <<E
[service]
command = ["sleep", "1000"]
requires = ["middle"]
E
service once <<E
[service]
command = ["sh", "-c", "exit 7"]
start = "manual"
[service.restart]
policy = "never"
E
service alive <<E
[service]
command = ["perl", "$T/alive"]
watchdog = "500ms"
[service.ready]
notify = true
[service.check.there]
command = ["test", "!", "-e", "$T/trouble"]
every = "100ms"
threshold = 1
action = "restart"
[service.restart]
delay = "10ms"
E
cat >"$T/alive" <<'E'
use Socket;
socket(my $notify, PF_UNIX, SOCK_DGRAM, 0);
connect($notify, sockaddr_un($ENV{NOTIFY_SOCKET}));
send($notify, "READY=1\n", 0);
while (1) { send($notify, "WATCHDOG=1\n", 0); select(undef, undef, undef, 0.05) }
E
need perl
start_daemon
says()
{ # NAME PATTERN
	ctl why "$1" >"$T/why" && grep -q "$2" "$T/why"
}
wait_for 'base has failed' service_is base backoff
wait_for 'top waits' service_is top waiting
wait_for 'alive is ready' service_is alive ready
expect 'why it is down' says base '^base is backoff since .* ago: its process exited with code 3, restart after 1h'
expect 'how it ended' says base '^Its last process exited with code 3 at .* (run 01[0-9A-Z]*), after it had said:'
expect 'what it said' says base '^    no storage today$'
expect 'what comes next' says base '^It is started again in .*, after a failure; .processctl start base. does so now'
expect 'what another waits for' says top '^It waits for middle, which is waiting'
expect 'and that one' says top '^middle waits for base, which is backoff: its process exited with code 3'
equal 'the same over the API' "$(api GET /v1/services/top/why | jq -r '.sentences[0]' | cut -d ' ' -f 1-3)" 'top is waiting'
equal 'of no service' 404 "$(status_of GET /v1/services/tap/why)"

# Hold.
ctl hold alive base >/dev/null
pid=$(field alive .main.pid)
refuse 'a held service is not started' ctl start base
refuse 'and not restarted' ctl restart alive
: >"$T/works"
kill -STOP "$pid"
: >"$T/trouble"
failing()
{
	[ "$(field alive '.checks[0].state')" = failing ]
}
wait_for 'its check fails' failing
manager=$(manager_pid)
kill -9 "$manager"
another()
{
	[ "$(manager_pid)" != "$manager" ]
}
wait_for 'there is another manager' another
expect 'it is held still' says alive '^It is held by uid 0 (processctl, pid [0-9]*) since'
ctl status >"$T/out"
expect 'the table says so' grep -q '^alive .*held by uid 0' "$T/out"
expect 'what waits says so' says top 'middle waits for base, which is backoff and held by uid 0'
silent()
{
	[ $(($(date +%s) - $(stat -c %Y "$T/trouble"))) -ge 2 ]
}
# A watchdog of 500 ms has been overdue for longer than that by now.
wait_for 'two seconds of silence' silent
equal 'nothing was done to it' "$pid" "$(field alive .main.pid)"
kill -KILL "$pid"
wait_for 'what ends while it is held stays down' service_is alive waiting backoff
rm "$T/trouble"
ctl release alive base >/dev/null
wait_for 'released, it starts' service_is_new alive "$pid"
ctl start base >/dev/null
wait_for 'and all that waited' service_is top ready

# Failures.
ctl start --no-wait once >/dev/null
wait_for 'one has failed' service_is once failed
expect 'which it says' says once '^It stays so until somebody starts it'
ctl reset-failed >"$T/out"
expect 'it is told' grep -q '^once reset' "$T/out"
equal 'and forgotten' stopped "$(field once .state)"
equal 'with the number of its failures' 0 "$(field once .failures)"
equal 'there is nothing more to forget' '' "$(ctl reset-failed)"
stop_daemon
