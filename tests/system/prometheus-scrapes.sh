#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A real Prometheus scrapes the daemon through a relay, with the configuration and the alerts of examples/prometheus, over the
# death of a manager: it understands every line, and knows afterwards what happened.
. "$(dirname "$0")/lib.sh"
need_root
need promtool prometheus socat

EXAMPLES=$TEST_DIR/../../examples/prometheus
expect 'the rules are right' promtool check rules "$EXAMPLES/alerts.yml"
expect 'the configuration is right' promtool check config "$EXAMPLES/prometheus.yml"

settings <<E
[access]
read = { users = ["nobody"] }
E
service web <<E
[service]
command = ["sh", "-c", "echo up; sleep 1000"]
E
service fails <<E
[service]
command = ["false"]
[service.restart]
policy = "never"
E
start_daemon
chmod 755 "$RUNTIME" "${RUNTIME%/*}"
wait_for 'a service is ready' service_is web ready

mkdir "$T/prometheus"
cp "$EXAMPLES"/*.yml "$T/prometheus"
sed -i 's/: 15s/: 200ms/; s/scrape_timeout: .*/scrape_timeout: 200ms/; s/for: [0-9]*m/for: 0s/' "$T/prometheus"/*.yml
# In a network namespace of the test's own; the daemon listens on no port.
setpriv --reuid nobody --regid nogroup --clear-groups \
	socat TCP-LISTEN:9899,bind=127.0.0.1,reuseaddr,fork UNIX-CONNECT:"$SOCKET" &
remember $!
prometheus --config.file="$T/prometheus/prometheus.yml" --storage.tsdb.path="$T/prometheus/data" \
	--web.listen-address=127.0.0.1:9090 --log.level=warn >"$T/prometheus/log" 2>&1 &
remember $!

# value QUERY: the value of the one series that the query finds.
value()
{
	curl -sS --fail --max-time 10 --get --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query |
		jq -er '.data.result | if length == 1 then .[0].value[1] else error("\(length) series") end'
}
value_is()
{
	[ "$(value "$1")" = "$2" ]
}
wait_for 'a scrape has succeeded' value_is up 1
wait_for 'a state is known' value_is 'processd_service_state{service="web",state="ready"}' 1
wait_for 'a failure is known' value_is 'processd_service_state{service="fails",state="failed"}' 1
wait_for 'what a service uses is known' value_is 'processd_service_processes{service="web"}' 2
wait_for 'there is an alert' value_is 'ALERTS{alertname="ServiceFailed",service="fails",alertstate="firing"}' 1
equal 'metadata of a counter' counter "$(curl -sS 'http://127.0.0.1:9090/api/v1/targets/metadata?metric=processd_runs' |
	jq -r '.data[0].type')"

for _ in 1 2 3; do
	run_to_end '{"command": ["true"]}' >/dev/null
done
wait_for 'runs are known' value_is 'processd_runs_total{kind="adhoc",outcome="exited"}' 3
kill -KILL "$(manager_pid)"
wait_for 'the death of a manager is known' value_is processd_manager_restarts_total 1
run_to_end '{"command": ["true"]}' >/dev/null
wait_for 'one more run is known' value_is 'processd_runs_total{kind="adhoc",outcome="exited"}' 4
# Every counter of ours, over all that was scraped.
names=$(curl -sS http://127.0.0.1:9090/api/v1/label/__name__/values | jq -r '.data[] | select(test("^processd_.*_(total|count|bucket|sum)$"))')
expect 'there are counters' [ "$(echo "$names" | wc -w)" -gt 20 ]
for name in $names; do
	equal "how often $name went back" 0 "$(value "sum(resets(${name}[1h]))")"
done
refuse 'Prometheus has complained' grep -i 'scrape\|err=' "$T/prometheus/log"
stop_daemon
