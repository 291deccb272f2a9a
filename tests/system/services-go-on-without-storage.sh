#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The file system of the state directory becomes read-only under a running daemon (its writes fail with EROFS, by strace's
# injection). What somebody asks of a service is refused, as it could not be put on record first; what services do by
# themselves goes on, is written once that is possible, and a manager that has to begin with states that are behind
# doubles and loses nothing.
# test: asan
. "$(dirname "$0")/lib.sh"
need_root
need strace

for name in web other; do
	service $name <<E
[service]
command = ["sleep", "1000"]
[service.restart]
delay = "50ms"
E
done
start_daemon
wait_for 'web is ready' service_is web ready
wait_for 'other is ready' service_is other ready

break_storage()
{
	_manager=$(manager_pid)
	strace -f -qq -o "$T/trace" -p "$_manager" -e trace=pwrite64,fallocate,ftruncate \
		-e inject=pwrite64,fallocate,ftruncate:error=EROFS 2>"$T/strace" &
	tracer=$!
	remember "$tracer"
	# A write that fails shows that strace has got hold of it.
	wait_for 'strace has the manager' storage_fails
}

storage_fails()
{
	api POST /v1/runs '{"command": ["true"]}' && grep -q EROFS "$T/trace"
}

repair_storage()
{
	kill -TERM "$tracer"
	wait "$tracer" || :
}

# what_runs NAME: how many processes of the service's command there are, asked of the records.
what_runs()
{
	api GET "/v1/runs?name=$1&kind=service&state=running" | jq '.runs | length'
}

break_storage
web=$(field web .main.pid) other=$(field other .main.pid)
for action in stop restart start reload; do
	equal "$action" 507 "$(status_of POST "/v1/services/web/$action")"
	equal "kind of $action" storage "$(jq -r .kind "$T/reply")"
	expect "$action says what is wrong" grep -q 'state.tdb: Read-only file system' "$T/reply"
done
equal 'signal' 507 "$(status_of POST /v1/services/web/signal '{"signal": "KILL"}')"
equal 'nothing was done' "$web" "$(field web .main.pid)"
equal 'operations' 0 "$(api GET /v1/operations | jq '.operations | length')"
refuse 'processctl stop' ctl stop web
equal 'reload of the configuration' 507 "$(status_of POST /v1/reload)"

# It crashes and is restarted; records and state are behind when the next manager comes.
kill -KILL "$web"
wait_for 'web is restarted' service_is_new web "$web"
second=$(field web .main.pid)
expect 'the log says what is wrong' grep -q 'state cannot be put on record; .*Read-only file system' "$LOG"
kill -KILL "$(manager_pid)"
wait "$tracer" || :
wait_for 'web is taken up' service_is web ready
equal 'web under the next manager' "$second" "$(field web .main.pid)"
equal 'processes of web' 1 "$(what_runs web)"
equal 'other under the next manager' "$other" "$(field other .main.pid)"
equal 'records of what was killed' 1 "$(api GET '/v1/runs?name=web&outcome=signaled' | jq '.runs | length')"
equal 'stop' ok "$(api POST '/v1/services/web/stop?wait=60s' | jq -r .result)"
equal 'processes of web' 0 "$(what_runs web)"
equal 'start' ok "$(api POST '/v1/services/web/start?wait=60s' | jq -r .result)"

# The same without a new manager: once it is writable everything is written.
break_storage
web=$(field web .main.pid)
kill -KILL "$web"
wait_for 'web is restarted again' service_is_new web "$web"
second=$(field web .main.pid)
equal 'stop' 507 "$(status_of POST /v1/services/web/stop)"
repair_storage
wait_for 'the log says that it is written' grep -q 'state is on record again' "$LOG"
wait_for 'and so are runs' grep -q 'run records can be written again' "$LOG"
kill -KILL "$(manager_pid)"
wait_for 'web is taken up' service_is web ready
equal 'web under the third manager' "$second" "$(field web .main.pid)"
equal 'records of what was killed' 2 "$(api GET '/v1/runs?name=web&outcome=signaled' | jq '.runs | length')"
equal 'services taken up by their process alone' 1 "$(grep -c 'its stored state does not know' "$LOG")"

# A manager cannot begin on a read-only directory: services run on, and the next one that can does.
mount -o bind "$STATE" "$STATE"
mount -o remount,bind,ro "$STATE"
kill -KILL "$(manager_pid)"
wait_for 'the log says why no manager comes' grep -q 'the state directory cannot be used .*Read-only file system' "$LOG"
refuse 'web has ended' gone "$second"
umount "$STATE"
wait_for 'a manager comes' service_is web ready
equal 'web under it' "$second" "$(field web .main.pid)"
stop_daemon
