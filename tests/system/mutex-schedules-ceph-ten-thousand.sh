#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Ten thousand random schedules of taking, contending and killing with ctdb_mutex_ceph_rados_helper have no two holders at
# once.
# test: long timeout=7200
SCHEDULES=10000 exec "$(dirname "$0")/mutex-schedules-ceph.sh"
