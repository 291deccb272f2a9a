#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Where the file system of the lock file hangs, the answer comes in time, SIGTERM ends the helper at any moment, and a
# holder that cannot let go says so. A system call that is held up by strace is the file system that hangs.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mutex.sh"

need strace
lock=$T/cluster.lock
me=ctdb_mutex_fcntl_helper

# hang NAME CALL[:WHEN] ARG…: asks, with the system call taking an hour.
hang()
{
	_name=$1 _call=$2
	shift 2
	ask "$_name" strace -D -f -qq -o "$T/mutex/$_name.trace" -P "$lock" \
		-e "trace=${_call%%:*}" -e "inject=${_call%%:*}:delay_enter=3600s${_call#"${_call%%:*}"}" "$FCNTL" "$@"
}

# Late: 2, and that it was late, before ctdbd's leader time-out.
export CTDB_MUTEX_TIMEOUT=1
for call in openat fcntl; do
	hang late "$call" "$lock"
	wait_for "an answer although $call hangs" has late 2
	equal 'its words' "$me: lock file \"$lock\" does not answer" "$(said late | grep -v '^strace: ')"
	kill -KILL "$(pid_of late)" 2>/dev/null || :
	wait_for 'it is gone' ended late
done
unset CTDB_MUTEX_TIMEOUT

# SIGTERM while it waits for the file system: no byte, and gone.
for call in openat fcntl; do
	hang asked "$call" "$lock"
	wait_for "$call is waited for" grep -q "$call" "$T/mutex/asked.trace"
	let_go asked TERM
	expect 'no byte was written' has asked ''
done

# A test child that waits for the file system, without pings: a word, while the mutex is still held; then SIGTERM.
holds other "$FCNTL" "$lock" 0
let_go other TERM
python3 - "$lock" <<'E' &
import fcntl, sys, time
f = open(sys.argv[1], 'r+')
fcntl.lockf(f, fcntl.LOCK_EX, 1, 1)
time.sleep(1000)
E
remember $!
wait_for 'byte 1 is locked' grep -q "POSIX.* 1 1\$" /proc/locks
holds warned "$FCNTL" "$lock" 1
wait_for 'its words' sh -c "[ -s '$T/mutex/warned.err' ]"
equal 'its words' "$me: lock file \"$lock\" does not answer, its lock may not be let go until it does" "$(said warned)"
refuse 'the mutex was let go' lost warned
let_go warned TERM

# Letting go hangs: the parent is told by the end of standard output first, then words, then it leaves.
hang cannot close "$lock" 0
wait_for 'it holds' has cannot 0
kill -KILL "$(parent_of cannot)"
wait_for 'standard output came to its end' lost cannot
wait_for 'it says that it cannot let go' grep -q 'cannot let go' "$T/mutex/cannot.err"
equal 'its words' "parent gone
$me: cannot let go of lock file \"$lock\", it stays locked until it answers" "$(said cannot | grep -v '^strace: ')"
wait_for 'it is gone' ended cannot
