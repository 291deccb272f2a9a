#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib-deeds-of-services.sh: sourced by lib-deaths.sh, which says what a deed is. What is asked of services.
# shellcheck shell=sh disable=SC2154 # T and others are those of lib.sh and lib-deaths.sh

# operate ACTION NAME: an operation that somebody asks for; its id is kept, and what the service was before.
operate()
{
	field "$2" .main.pid >"$DATA/before"
	ask POST "/v1/services/$2/$1" | jq -r .id >"$DATA/operation"
}

# done_so NAME STATE: the operation has ended well, and the service is as it should be.
done_so()
{
	ask GET "/v1/operations/$(cat "$DATA/operation")?wait=30s" >"$T/operation"
	equal "the operation on $1" 'done ok' "$(jq -r '"\(.state) \(.result)"' "$T/operation")"
	equal "the state of $1" "$2" "$(field "$1" .state)"
	_before=$(cat "$DATA/before")
	[ "$_before" = null ] || gone "$_before" || fail "process $_before of $1 is left"
}

do_restart()
{
	operate restart leaf
}
see_restart()
{
	done_so leaf ready
}
do_restart_whole()
{
	operate restart whole
}
see_restart_whole()
{
	done_so whole ready
	expect 'what pre_start made is there' test -e "$DATA/prepared"
}
do_restart_tells()
{
	operate restart tells
}
see_restart_tells()
{
	done_so tells ready
}

# Takes the dependent along.
do_restart_base()
{
	field dependent .main.pid >"$DATA/dependent"
	operate restart base
}
see_restart_base()
{
	done_so base ready
	wait_for 'the dependent is ready again' service_is dependent ready
	expect 'the dependent was restarted, too' gone "$(cat "$DATA/dependent")"
}

# Both at once, the dependent first down and last up.
do_restart_group()
{
	field base .main.pid >"$DATA/before"
	field dependent .main.pid >"$DATA/dependent"
	ask POST /v1/groups/pair/restart | jq -r .id >"$DATA/operation"
}
see_restart_group()
{
	done_so base ready
	equal 'the parts' 'done ok,done ok' \
		"$(for _part in $(jq -r '.parts[]' "$T/operation"); do ask GET "/v1/operations/$_part" | jq -r '"\(.state) \(.result)"'; done | paste -sd,)"
	equal 'the state of the dependent' ready "$(field dependent .state)"
	expect 'the dependent was restarted, too' gone "$(cat "$DATA/dependent")"
}
do_down_group()
{
	field base .main.pid >"$DATA/before"
	field dependent .main.pid >"$DATA/dependent"
	ask POST /v1/groups/pair/stop | jq -r .id >"$DATA/operation"
}
see_down_group()
{
	done_so base stopped
	equal 'the state of the dependent' stopped "$(field dependent .state)"
	equal 'what is wanted' 'down down' "$(field base .wanted) $(field dependent .wanted)"
}
undo_down_group()
{
	ask POST '/v1/groups/pair/start?wait=30s' | jq -r .id >"$DATA/operation"
	ask GET "/v1/operations/$(cat "$DATA/operation")?wait=30s" >"$T/operation"
	equal 'the start' ok "$(jq -r .result "$T/operation")"
}

do_down()
{
	operate stop leaf
}
see_down()
{
	done_so leaf stopped
	equal 'what is wanted' down "$(field leaf .wanted)"
}
undo_down()
{
	do_up && see_up
}
do_up()
{
	operate start leaf
}
see_up()
{
	done_so leaf ready
}

do_down_up()
{
	do_down
	see_down
	do_up
}
see_down_up()
{
	see_up
}

# The main process dies by itself.
do_fall()
{
	field leaf .main.pid >"$DATA/before"
	kill -KILL "$(cat "$DATA/before")"
}
see_fall()
{
	wait_for 'the service is up again' service_is_new leaf "$(cat "$DATA/before")"
}
