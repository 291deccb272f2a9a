#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# keeper-killed-says-so.sh where there is no cgroup v2.
WITHOUT_CGROUPS=1
export WITHOUT_CGROUPS
exec "$(dirname "$0")/keeper-killed-says-so.sh"
