#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Without cgroups of its own, and without pidfds besides, the main job is done and each loss named once.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-less.sh"
[ -n "$CGROUP" ] || skip 'there is no cgroup v2 to be taken away'

row 'read-only cgroups' cgroup_v2=30 read_only_cgroups
row 'no cgroups' cgroup_v2=2 no_cgroups
row 'no cgroups, no pidfds' 'cgroup_v2=2 clone3=1 pidfd=1' no_cgroups "$BIN_DIR/refuse-calls" EPERM clone3,pidfd_open
