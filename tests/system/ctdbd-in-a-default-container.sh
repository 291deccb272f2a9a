#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What ./try shows of a real ctdbd holds also with what container runtimes permit by default.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-less.sh"

try_row 'a container' 'cgroup_v2=30 clone3=38 mlock_onfault=12 oom_protect=13 priority=13' default_container
