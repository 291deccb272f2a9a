#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# manager-killed-at-random.sh with five times as many kills.
# test: long asan timeout=1800
KILLS=${KILLS:-1000}
export KILLS
exec "$(dirname "$0")/manager-killed-at-random.sh"
