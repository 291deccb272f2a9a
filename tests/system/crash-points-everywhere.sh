#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Each deed with the manager to be killed at each crash point there is: where the deed does not lead to the point, it has
# to go well all the same. What the other tests of crash points know to be reached is a part of this.
# test: crash-points long timeout=3600
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-deaths.sh"

set_services
open_daemon
# shellcheck disable=SC2013 # names, one a line
for deed in $(sed -n 's/^do_\([a-z_]*\)().*/\1/p' "$TEST_DIR"/lib-deeds-*.sh); do
	case $deed in up | take_over) continue ;; esac # up is done by down_up, and another manager's death by fulfil
	for point in $("$TEST_DIR/list-crash-points"); do
		if [ "$_deaths" -ge 5 ]; then
			close_daemon
			open_daemon
		fi
		try_during "$deed" "$point"
	done
done
close_daemon
echo "the manager died $_reached times"
