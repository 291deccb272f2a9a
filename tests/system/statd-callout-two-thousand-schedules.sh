#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The campaigns of statd-callout-loses-nothing, at length.
# test: long timeout=7200
SCHEDULES=2000 . "$(dirname "$0")/statd-callout-loses-nothing.sh"
