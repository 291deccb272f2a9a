#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What GET /v1/metrics says is OpenMetrics to a strict parser, and sound to promtool in the older format; it is what
# docs/metrics.md lists, family by family and label by label; and the numbers are those of what was done.
# test: asan
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-metrics.sh"
need promtool socat

settings <<E
[access]
read = { users = ["nobody"] }
[[logs.sink]]
kind = "file"
path = "$T/daemon/services \"1\"\\\\.log"
E
service web <<E
[service]
command = ["sh", "-c", "echo one; echo two >&2; i=0; while [ \$i -lt 200000 ]; do i=\$((i + 1)); done; echo up; sleep 1000"]
[service.ready]
output = "up"
[service.check.port]
tcp = "127.0.0.1:9"
every = "100ms"
threshold = 1
[service.logs]
rate_lines = 1
rate_period = "1h"
E
service fails <<E
[service]
command = ["sh", "-c", "exit 3"]
pre_start = [["true"]]
[service.restart]
delay = "10ms"
max_delay = "1h"
burst = 3
E
start_daemon
wait_for 'a service is ready' service_is web ready
wait_for 'another has failed' service_is fails failed
for command in '"true"' '"sh", "-c", "echo x; exit 1"' '"/nowhere"'; do
	run_to_end "{\"command\": [$command]}" >/dev/null
done
equal 'somebody without a level' 000 "$(setpriv --reuid 5555 --regid 5555 --clear-groups curl -s -o /dev/null \
	-w '%{http_code}' --unix-socket "$SOCKET" http://localhost/v1/system || :)"
printf 'no request\r\n\r\n' | socat -t 10 - UNIX-CONNECT:"$SOCKET" >"$T/bare"
expect 'what is no request is answered' grep -q '^HTTP/1.1 400' "$T/bare"
equal 'a wrong path' 404 "$(status_of GET /v1/sistem)"
wait_for 'the check fails' sh -c "'$BIN_DIR/processctl' status web | grep -q 'port failing'"
# The records of what has ended are written within 50 ms.
all_on_record()
{
	look "$T/metrics"
	grep -qx 'processd_records_waiting 0' "$T/metrics" && grep -q '^processd_memory_bytes{process="manager"}' "$T/metrics"
}
wait_for 'all that has ended is on record' all_on_record

equal 'the status' 200 "$(status_of GET /v1/metrics '' -D "$T/head")"
mv "$T/reply" "$T/metrics"
equal 'the content type' 'application/openmetrics-text; version=1.0.0; charset=utf-8' \
	"$(tr -d '\r' <"$T/head" | sed -n 's/^Content-Type: //p')"
equal 'the last line' '# EOF' "$(tail -n 1 "$T/metrics")"
api GET /v1/metrics '' -H 'Accept: text/plain' >"$T/text"
expect 'promtool has nothing to say' promtool check metrics <"$T/text"
expect 'processctl prints it' sh -c "'$BIN_DIR/processctl' metrics | tail -n 1 | grep -qx '# EOF'"
expect 'and the older format' sh -c "'$BIN_DIR/processctl' metrics --format prometheus | promtool check metrics"
expect 'the page is right' judge page "$TEST_DIR/../../docs/metrics.md" "$T/metrics"

is 'processd_service_state{service="web",state="ready"}' 1
is 'processd_service_state{service="fails",state="failed"}' 1
is 'processd_service_state{service="fails",state="ready"}' 0
is 'processd_service_restarts_total{service="fails"}' "$(field fails .restarts)"
is 'processd_runs_total{kind="adhoc",outcome="exited"}' 2
is 'processd_runs_total{kind="adhoc",outcome="spawn_failed"}' 1
is 'processd_runs_failed_total{kind="adhoc",name=""}' 2
is 'processd_run_duration_seconds_count{kind="service",name="fails"}' 3
is 'processd_run_duration_seconds_count{kind="pre_start",name="fails"}' 3
is 'processd_run_duration_seconds_bucket{kind="adhoc",le="+Inf",name=""}' 2
is 'processd_run_wait_seconds_count{kind="adhoc"}' 2
is 'processd_runs_active{kind="service"}' 1
is 'processd_log_bytes_total{service="web",stream="stdout"}' 7
is 'processd_log_lines_total{service="web",stream="stdout"}' 2
is 'processd_log_bytes_total{service="",stream="stdout"}' 2
is 'processd_log_limited_lines_total{service="web"}' 2
is 'processd_service_check_failing{check="port",service="web"}' 1
is 'processd_service_processes{service="web"}' 2
is 'processd_api_requests_total{method="",route="",status="4xx"}' 2
is 'processd_api_requests_total{method="POST",route="/v1/runs",status="2xx"}' 3
is 'processd_api_refused_connections_total{reason="access"}' 1
above_zero()
{
	sample "$1" | awk '{ exit !($1 > 0) }'
}
for sample in 'processd_service_cpu_seconds_total{service="web"}' 'processd_service_open_fds{service="web"}' \
	'processd_service_resident_memory_bytes{service="web"}' 'processd_memory_bytes{process="keeper"}'; do
	expect "$sample is above zero" above_zero "$sample"
done
stop_daemon
