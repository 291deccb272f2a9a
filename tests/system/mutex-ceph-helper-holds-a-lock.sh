#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# ctdb_mutex_ceph_rados_helper against a real Ceph: exclusive also with CTDB's own helper, held for longer than its
# duration, let go on SIGTERM and with its parent; given up before it ends while the storage daemon is stopped, killed, or the
# helper itself is stopped.
# test: timeout=300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mutex.sh"
. "$(dirname "$0")/lib-ceph.sh"

need_root
[ -x "$CEPH" ] || skip 'needs librados when it was built'
need ceph ceph-mon ceph-osd rados monmaptool jq
WAIT=60
theirs=/usr/libexec/ctdb/ctdb_mutex_ceph_rados_helper

# ask_for NAME DURATION [OPTION…]: asks for the object.
ask_for()
{
	_name=$1 _duration=$2
	shift 2
	ask "$_name" "$CEPH" ceph client.admin locks reclock "$_duration" "$@"
}
nobody_has_it()
{
	[ -z "$(list_lockers reclock)" ]
}
holds_for()
{
	ask_for "$@"
	wait_for "$1 holds the mutex" has "$1" 0
}
# expect_lost NAME WORDS: given up, and words that say why.
expect_lost()
{
	wait_for "$1 has let go" lost "$1"
	wait_for "$1 is gone" ended "$1"
	said "$1" | grep -q "$2" || fail "$1 said: $(said "$1")"
	expect "$1 answered with one byte" has "$1" 0
}

# Without a cluster there is an answer in time, too.
mkdir "$T/ceph"
printf '[global]\nmon host = 127.0.0.1\nauth client required = none\n' >"$CEPH_CONF"
ask_for nowhere 5
wait_for 'an answer without a cluster' has nowhere 2
equal 'its words' "$CEPH: Ceph cluster ceph does not answer" "$(said nowhere)"
ask asked "$CEPH" ceph client.admin locks reclock
wait_for 'it has begun' sh -c "ls /proc/$(pid_of asked)/task | wc -l | grep -qvx 1"
let_go asked TERM
expect 'no byte was written' has asked ''
rm -r "$T/ceph"
start_ceph

holds_for first 2
ask_for second 2
wait_for 'the second is told' has second 1
wait_for 'the second ends' ended second
equal 'what the second said' '' "$(said second)"
if [ -x "$theirs" ]; then
	ask theirs "$theirs" ceph client.admin locks reclock 10
	wait_for "CTDB's helper is told" has theirs 1
fi
holds_for elsewhere 2 -n other -R
[ -n "$(list_lockers reclock other)" ] || fail 'no lock in the name space'
let_go elsewhere TERM
owner=$(list_lockers reclock)
is_old()
{
	[ "$(ps -o etimes= -p "$(pid_of first)")" -ge 5 ]
}
wait_for 'it holds for 5 s' is_old
equal 'the owner' "$owner" "$(list_lockers reclock)"
let_go first TERM
expect 'SIGTERM has let go of it' nobody_has_it
wait_for 'the exit code is known' test -s "$T/mutex/first.code"
equal 'the exit code' 0 "$(cat "$T/mutex/first.code")"
if [ -x "$theirs" ]; then
	ask theirs "$theirs" ceph client.admin locks reclock 10
	wait_for "CTDB's helper holds it" has theirs 0
	ask_for ours 10
	wait_for 'ours is told' has ours 1
	let_go theirs TERM
fi
holds_for orphan 5
kill -KILL "$(parent_of orphan)"
expect_lost orphan '^parent gone$'
expect 'the orphan has let go of it' nobody_has_it

# Without end: held by a dead client until somebody breaks it, as with CTDB's.
holds_for endless 0
let_go endless TERM
expect 'an endless lock is let go' nobody_has_it

holds_for killed 3
let_go killed KILL
wait_for 'it ends by itself' nobody_has_it
holds_for stopped 4
kill -STOP "$(pid_of stopped)"
expect_lost stopped 'lock lost - holder does not run, killed before its lease ends'
wait_for 'it ends by itself' nobody_has_it

# The lock broken by hand.
holds_for robbed 3
expect 'the lock is broken' rados -p locks lock break reclock ctdb_reclock_mutex "$(list_lockers reclock)" \
	--lock-cookie ctdb_reclock_mutex
expect_lost robbed 'Lock renew failed - (No such file or directory)'

# The storage daemon stopped, and back; then killed.
holds_for paused 4
kill -STOP "$OSD_PID"
expect_lost paused 'lock lost - not renewed in time'
kill -CONT "$OSD_PID"
wait_for 'it can be taken again' nobody_has_it
holds_for served 4
kill -KILL "$OSD_PID"
expect_lost served 'lock lost - not renewed in time'
