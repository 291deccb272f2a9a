#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Without what makes the daemon go first, and with several system calls missing at once, the main job is done and each loss named once.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-less.sh"

row 'no locked memory' mlock_onfault=1 without mlockall EPERM
row 'no nice values' priority=1 without setpriority EPERM
row 'all of them' 'clone3=38 pidfd=38 close_range=38 mlock_onfault=38 priority=38' \
	without clone3,pidfd_open,pidfd_send_signal,close_range,mlockall,setpriority,ioprio_set,sched_setscheduler ENOSYS
