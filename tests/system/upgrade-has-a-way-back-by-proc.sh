#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# upgrade-has-a-way-back.sh where programs are not executed by their descriptors: then by the names of those in /proc.
# test: asan
WITHOUT_EXECVEAT=1
export WITHOUT_EXECVEAT
exec "$(dirname "$0")/upgrade-has-a-way-back.sh"
