#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Ten thousand random schedules of taking, contending and killing with ctdb_mutex_etcd_helper have no two holders at once.
# test: long timeout=3600
SCHEDULES=10000 exec "$(dirname "$0")/mutex-schedules-etcd.sh"
