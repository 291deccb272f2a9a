#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What ./try shows of a real ctdbd holds also where the kernel knows none of the calls that the daemon would rather use.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-less.sh"

try_row 'an old kernel' 'clone3=38 pidfd=38 close_range=38' without clone3,pidfd_open,pidfd_send_signal,close_range ENOSYS
