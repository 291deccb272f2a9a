#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Each crash point of the sources is one at which a system test kills the manager, and each that a test names exists.
. "$(dirname "$0")/files.sh"
points=$(tests/system/list-crash-points) || exit 1
tested=$(cat tests/system/crash-points-*.sh)
code=0
for point in $points; do
	echo "$tested" | grep -qw -e "$point" || {
		echo "no tests/system/crash-points-*.sh kills the manager at $point"
		code=1
	}
done
for point in $(echo "$tested" | grep -oE '(commit|send|reply|write):(before|after):[a-zA-Z_]+' | sort -u); do
	echo "$points" | grep -qx -e "$point" || {
		echo "there is no crash point $point, which a test names"
		code=1
	}
done
exit "$code"
