#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# As container-keeps-locks.sh, beside a process 1 that reaps nobody.
BESIDE=yes
export BESIDE
. "$(dirname "$0")/container-keeps-locks.sh"
