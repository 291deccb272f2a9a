#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# As container-keeps-locks.sh, for a dozen looks of the helper at its parent.
# test: long timeout=300
HELD=60
export HELD
. "$(dirname "$0")/container-keeps-locks.sh"
