# SPDX-License-Identifier: GPL-3.0-or-later
# lib-container-locks.sh: sourced after lib-container.sh by tests of CTDB's own mutex helper in a container. HELD, seconds for
# which locks must be kept, is set before.
#
# The helper looks for its parent every 5 s, and lets go if that is gone or is process 1. So a HELD of more than 5 s has seen
# one look, and one of 60 s a dozen. Two of them hold locks: one is a service, the other's parent is below one. With a HELD of 60 s
# or more a real ctdbd has a third one, with the cluster lock.
#
# keep_locks   in a container that is up: they hold for that long; then the second one's parent dies, is reaped although process 1
#              may not care, and its lock is let go of
# shellcheck shell=sh disable=SC2154 # T and others are lib.sh's
helper=/usr/libexec/ctdb/ctdb_mutex_fcntl_helper
[ -x "$helper" ] || skip 'needs the package ctdb'

mkdir -p "$T/locks"
service leaf <<E
[service]
command = ["sh", "-c", "exec $helper $T/locks/direct >$T/locks/direct.out 2>$T/locks/direct.err"]
E
# As the recovery daemon does it, in a session of its own; it has lost its parents, which have no part in it any more.
cat >"$T/locks/hold" <<'E'
#!/bin/sh
# shellcheck disable=SC2016 # expanded by the inner shell
(setsid sh -c '"$1" "$2/below" >"$2/below.out" 2>"$2/below.err" &
	echo $$ >"$2/parent"
	exec sleep 1000' sh "$1" "$2" &)
exec sleep 1000
E
chmod 755 "$T/locks/hold"
service below <<E
[service]
command = ["$T/locks/hold", "$helper", "$T/locks"]
E

locks='direct below'
if [ "$HELD" -ge 60 ]; then
	need ctdbd ctdb
	. "$TEST_DIR/lib-ctdbd.sh"
	make_nodes 1
	service ctdbd <<E
[service]
command = ["/usr/sbin/ctdbd", "-i"]
environment = { CTDB_TEST_MODE = "yes", CTDB_BASE = "$T/n0" }
[service.ready]
command = ["/usr/bin/ctdb", "runstate", "RUNNING"]
[service.stop]
command = ["/usr/bin/ctdb", "shutdown"]
timeout = "60s"
E
	locks="$locks ../cluster.lock"
fi

leads()
{
	service_is ctdbd ready && taken "$T/cluster.lock"
}

both_hold()
{
	[ "$(cat "$T/locks/direct.out")" = 0 ] && [ "$(cat "$T/locks/below.out")" = 0 ]
}

# taken FILE: is its lock held?
taken()
{
	python3 - "$1" <<'E'
import fcntl, sys
try:
    fcntl.lockf(open(sys.argv[1], "r+"), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
except OSError:
    sys.exit(0)
sys.exit(1)
E
}

let_go()
{
	! taken "$1"
}

has_reaped()
{
	! inside kill -0 "$1"
}

keep_locks()
{
	wait_for 'both helpers hold their locks' both_hold
	[ "$HELD" -lt 60 ] || WAIT=90 wait_for 'ctdbd holds the cluster lock' leads
	_until=$(($(date +%s) + HELD))
	while [ "$(date +%s)" -lt "$_until" ]; do
		for _lock in $locks; do
			expect "the helper keeps its lock $_lock" taken "$T/locks/$_lock"
		done
		equal 'what the helpers say' '' "$(cat "$T"/locks/*.err)"
		sleep 1
	done
	_parent=$(cat "$T/locks/parent")
	inside kill -KILL "$_parent"
	wait_for 'the dead parent is reaped' has_reaped "$_parent"
	wait_for 'its helper lets go' let_go "$T/locks/below"
	equal 'what the helper says' 'parent gone' "$(cat "$T/locks/below.err")"
	expect 'the other helper keeps its lock' taken "$T/locks/direct"
	orphans_are_reaped
}
