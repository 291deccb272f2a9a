#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A service whose main process is killed is started again, under a new pid, and the API says why.
# test: asan
. "$(dirname "$0")/lib.sh"

service leaf <<'E'
[service]
command = ["sleep", "1000"]
[service.restart]
delay = "0s"
E
start_daemon
wait_for 'the service is up' service_is leaf ready
first=$(field leaf .main.pid)
kill -KILL "$first"

wait_for 'the service is up again' service_is_new leaf "$first"
equal 'why it ended' signaled "$(field leaf .last.outcome)"
equal 'by which signal' SIGKILL "$(field leaf .last.signal)"
equal 'restarts' 1 "$(field leaf .restarts)"
pid=$(field leaf .main.pid)
stop_daemon
expect 'nothing of the service is left' gone "$pid"
