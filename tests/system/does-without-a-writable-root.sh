#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# On a read-only root, with state and sockets on tmpfs, the main job is done; nothing is lost by that.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-less.sh"

find_baseline
mount -t tmpfs -o mode=755 none "$STATE"
mount -t tmpfs -o mode=755 none "$RUNTIME"
row 'a read-only root' '' read_only_root
[ -n "$CGROUP" ] || exit 0
row 'a read-only root and read-only cgroups' cgroup_v2=30 read_only_everything
