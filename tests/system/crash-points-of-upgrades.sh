#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manager is killed at each crash point between the wish for an upgrade and its end: the wish is on record or was
# never granted, and what is on record is carried out once, by whichever manager comes.
# test: crash-points timeout=300
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-deaths.sh"

upgraded()
{
	[ "$(api GET /v1/system | jq .keeper.upgrades)" = "$1" ]
}
none_is_open()
{
	[ "$(api GET '/v1/operations?state=running' | jq '.operations | length')" = 0 ]
}

set_services
for point in send:before:ask_upgrade send:after:ask_upgrade; do
	open_daemon
	leaf=$(field leaf .main.pid)
	arm "$point"
	PATIENCE=20 status_of POST /v1/upgrade >/dev/null 2>&1 || :
	wait_for "the manager dies at $point" crashed
	wait_for 'the upgrade is done' upgraded 1
	wait_for 'its operation is' none_is_open
	equal 'how it went' ok "$(api GET /v1/operations | jq -r '[.operations[] | select(.action == "upgrade")][0].result')"
	equal "the service's pid" "$leaf" "$(field leaf .main.pid)"
	equal 'number of upgrades' 1 "$(api GET /v1/system | jq .keeper.upgrades)"
	stop_daemon
done
