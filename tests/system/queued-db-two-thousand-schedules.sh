#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The campaign of queued-db-carries-what-it-has, at length.
# test: long timeout=3600
SCHEDULES=2000 . "$(dirname "$0")/queued-db-carries-what-it-has.sh"
