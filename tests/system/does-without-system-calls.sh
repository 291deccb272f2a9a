#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Without single system calls, which are missing (ENOSYS is 38) or forbidden (EPERM is 1), the main job is done and the loss named once.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-less.sh"

row 'clone3 is missing' clone3=38 without clone3 ENOSYS
row 'clone3 is forbidden' clone3=1 without clone3 EPERM
row 'no signals by pidfd' pidfd=1 without pidfd_send_signal EPERM
row 'close_range is missing' close_range=38 without close_range ENOSYS
row 'execveat is forbidden' execveat=1 without execveat EPERM
row 'no subreaper' subreaper=1 without prctl:36 EPERM
