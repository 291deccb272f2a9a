#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# upgrade-keeps-what-is-under-way.sh where there are no cgroups: a stop is then a sweep after the other, by processes that the
# keeper has to reap.
# test: asan
WITHOUT_CGROUPS=1
export WITHOUT_CGROUPS
exec "$(dirname "$0")/upgrade-keeps-what-is-under-way.sh"
