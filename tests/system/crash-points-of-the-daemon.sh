#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manager is killed at each crash point on its way to serve, at a reload, and in the orderly stop.
# test: crash-points timeout=300
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-deaths.sh"

set_services
open_daemon
fulfil reload commit:before:state commit:after:state send:before:settings send:after:settings send:after:spawn
fulfil take_over send:before:settings send:after:settings send:before:ready send:after:ready
fulfil take_over commit:before:records commit:after:records send:before:ack send:before:watch
close_daemon

# The first manager of a keeper. What lies in the directory is of an earlier keeper's life, when all services were stopped.
for point in commit:before:state commit:after:state send:before:settings send:after:settings send:before:spawn \
	send:after:spawn send:before:ready send:after:ready; do
	arm "$point"
	open_daemon
	wait_for "the first manager dies at $point" crashed
	_deaths=1
	close_daemon
done

# end POINT HOW…: an orderly stop. A run that is on its way is cancelled, which the next daemon knows.
end()
{
	open_daemon
	do_cancel_by_stop "$1"
	arm "$1"
	shift
	"$@"
	wait_for 'the daemon ends' gone "$KEEPER"
	expect 'the manager has died on the way' crashed
	code=0
	wait "$KEEPER" || code=$?
	KEEPER=
	equal "the daemon's exit code" 0 "$code"
	refuse 'the stop was cut short' grep 'cut short\|are left' "$LOG"
}
do_cancel_by_stop()
{
	put "end-$1" "$(shell 'exec 2>/dev/null; trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.05; done')"
	wait_for 'the run is up' says_up "end-$1"
}
told_to_stop()
{
	kill -TERM "$KEEPER"
}
shut_down()
{
	until PATIENCE=5 status_of POST /v1/shutdown 2>/dev/null | grep -q 202 || gone "$KEEPER"; do
		sleep 0.05
	done
}
stops='send:before:stopped send:after:stopped send:before:signal send:after:signal commit:after:state commit:before:records
	commit:after:records send:before:ack'
asked='send:before:ask_stop send:after:ask_stop reply:before:POST'
for point in $stops; do
	end "$point" told_to_stop
done
for point in $asked; do
	end "$point" shut_down
done
open_daemon
for point in $stops $asked; do
	ended "end-$point" cancelled 3 null 'up
bye'
done
close_daemon
