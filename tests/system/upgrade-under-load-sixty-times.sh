#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# upgrade-under-load-loses-nothing.sh with ten times as many upgrades.
# test: long asan timeout=1800
UPGRADES=${UPGRADES:-60}
export UPGRADES
exec "$(dirname "$0")/upgrade-under-load-loses-nothing.sh"
