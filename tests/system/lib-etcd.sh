#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib-etcd.sh: sourced after lib-mutex.sh by tests that need Debian's etcd, tuned to be quick.
#
# Variables   ETCD the helper under test; ETCD_PID the server; ETCD_CONF a configuration for the helper, written by start_etcd
# start_etcd [OPTION…]   one member on 127.0.0.1:2379, with whatever it had before; OPTIONs come last
# signal_etcd SIGNAL     KILL waits for its end
# etcd_answers           is it there?

# shellcheck disable=SC2034 # for those who source this
ETCD=$BIN_DIR/ctdb_mutex_etcd_helper
ETCD_CONF=$T/etcd.conf
ETCD_PID=
export ETCDCTL_API=3

start_etcd()
{
	# An election timeout of 250 ms lets leases be as short as a second.
	etcd --data-dir "$T/etcd" --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
		--listen-peer-urls http://127.0.0.1:2380 --heartbeat-interval 50 --election-timeout 250 --unsafe-no-fsync \
		--logger zap --log-level error "$@" >>"$T/etcd.log" 2>&1 </dev/null &
	ETCD_PID=$!
	remember "$ETCD_PID"
	[ -e "$ETCD_CONF" ] || printf 'endpoints = http://127.0.0.1:2379\nlock_ttl = 2\n' >"$ETCD_CONF"
	wait_for 'etcd answers' etcd_answers
}

etcd_answers()
{
	etcdctl --dial-timeout 1s --command-timeout 2s endpoint health
}

signal_etcd()
{
	kill -"$1" "$ETCD_PID"
	[ "$1" != KILL ] || wait_for 'etcd has ended' gone "$ETCD_PID"
}
