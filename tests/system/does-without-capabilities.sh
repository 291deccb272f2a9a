#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# As a root without any capability, as nobody, and as in a container with the defaults of its runtime, the main job is done and each
# loss named once.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-less.sh"

row 'root without capabilities' 'mlock_onfault=12 oom_protect=13 priority=13 other_users=1 capability_bounds=1 ambient_capabilities=1 net_admin=1 proc_stack=13' \
	root_without_capabilities
OWNER=65534
row nobody 'cgroup_v2=13 mlock_onfault=12 oom_protect=13 priority=13 other_users=1 low_ports=13 raw_sockets=1' as_nobody
OWNER=0
row 'a container' 'cgroup_v2=30 clone3=38 mlock_onfault=12 oom_protect=13 priority=13 net_admin=1 mount_namespace=1' default_container
