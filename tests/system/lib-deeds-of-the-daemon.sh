#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib-deeds-of-the-daemon.sh: sourced by lib-deaths.sh, which says what a deed is. What is asked of the daemon.
# shellcheck shell=sh disable=SC2154 # T and others are those of lib.sh and lib-deaths.sh

# A service comes over the API. Asked for again it is the same.
declare_service()
{
	ask PUT "/v1/services/$1" '{"service": {"command": ["sleep", "1000"], "requires": ["quiet"]}}' >/dev/null
}

# Until it is not there: whoever lost the answer finds that it was removed.
drop_service()
{
	until [ "$(status_of DELETE "/v1/services/$1?wait=30s" 2>"$T/curl" || :)" = 404 ]; do
		[ "$(jq -r '.status? // .state' "$T/reply")" != 409 ] || fail "$1 cannot be removed: $(cat "$T/reply")"
		sleep 0.02
	done
}

do_declare()
{
	declare_service "$1"
}
see_declare()
{
	wait_for 'the declared service is ready' service_is "$1" ready
	equal 'who declared it' 'uid 0 (curl' "$(field "$1" .transient.by | cut -d, -f1)"
	equal 'once more' unchanged "$(ask PUT "/v1/services/$1" '{"service": {"requires": ["quiet"], "command": ["sleep", "1000"]}}' | jq -r .result)"
}
undo_declare()
{
	drop_service "$1"
}

do_remove()
{
	mv "$CRASH" "$CRASH.later" # the manager is to die later
	declare_service "$1"
	wait_for 'the declared service is ready' service_is "$1" ready
	field "$1" .main.pid >"$DATA/removed-$1"
	mv "$CRASH.later" "$CRASH"
	drop_service "$1"
}
see_remove()
{
	equal 'the removed service' 404 "$(status_of GET "/v1/services/$1")"
	wait_for 'its process is gone' gone "$(cat "$DATA/removed-$1")"
	equal 'what is set aside' '[]' "$(ask GET /v1/system | jq -c .config.transient_set_aside)"
}

do_reload()
{
	service "added-$1" <<-E
		[service]
		command = ["sleep", "1000"]
	E
	ask POST /v1/reload >/dev/null
}
see_reload()
{
	wait_for 'the added service is ready' service_is "added-$1" ready
}
undo_reload()
{
	rm "$CONFIG/added-$1.toml"
	ask POST /v1/reload >/dev/null
	ask POST "/v1/services/added-$1/stop" >/dev/null
}

# A manager dies, and so does the next one on its way to take over.
do_take_over()
{
	field leaf .main.pid >"$DATA/before"
	mv "$CRASH" "$CRASH.later" # it is not this manager that is to die there
	put "$1" "$(shell "echo before; until [ -e $DATA/go-$1 ]; do sleep 0.05; done; echo after; exit 5")"
	_pid=$(ask GET /v1/system | jq .manager.pid)
	mv "$CRASH.later" "$CRASH"
	kill -KILL "$_pid"
	_deaths=$((_deaths + 1))
	: >"$DATA/go-$1" # its end is for those to come
}
see_take_over()
{
	ended "$1" exited 5 null "before
after"
	equal 'pid of a service' "$(cat "$DATA/before")" "$(field leaf .main.pid)"
}
