#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What ./try shows of a real ctdbd holds also on a read-only root.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-less.sh"

try_row 'a read-only root' '' read_only_root
