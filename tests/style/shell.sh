#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every shell script is clean under shellcheck and as shfmt would write it.
. "$(dirname "$0")/files.sh"
result=0
list_scripts | sort -u | xargs shellcheck -x -P SCRIPTDIR || result=1
list_scripts | sort -u | xargs shfmt -i 0 -fn -d || result=1
exit "$result"
