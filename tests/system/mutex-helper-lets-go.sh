#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The mutex is let go, and standard output comes to its end, when the parent is gone (also as a zombie that nobody reaps,
# and where the kernel has no pidfds), when the lock file is removed, replaced or hidden, and when holder or test child
# do not run; each time with the words that CTDB's helper has for it.
# test: asan
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mutex.sh"

need strace
lock=$T/shared/cluster.lock
mkdir "$T/shared"

# expect_lost NAME WORDS: the mutex is given up with these words, and can be taken.
expect_lost()
{
	wait_for "$1 has let go" lost "$1"
	wait_for "$1 is gone" ended "$1"
	equal "what $1 said" "$2" "$(said "$1")"
	expect "$1 has answered with one byte" has "$1" 0
	expect 'the lock is free' free "$lock"
}
me=ctdb_mutex_fcntl_helper

# The parent, watched by pidfd.
watched_at_once()
{
	find "/proc/$(pid_of "$1")/fd" -lname 'anon_inode:*pidfd*' | grep -q .
}
holds killed "$FCNTL" "$lock"
expect 'it has a pidfd' watched_at_once killed
kill -KILL "$(parent_of killed)"
expect_lost killed 'parent gone'

# shellcheck disable=SC2016 # expanded by the inner shell
mkfifo "$T/mutex/zombie.pipe"
cat "$T/mutex/zombie.pipe" >"$T/mutex/zombie.bytes" &
remember $!
python3 - "$FCNTL" "$lock" "$T/mutex" <<'E' &
import os, subprocess, sys, time
helper, lock, at = sys.argv[1:]
middle = os.fork()
if middle == 0:
    p = subprocess.Popen([helper, lock], stdout=open(at + '/zombie.pipe', 'w'), stderr=open(at + '/zombie.err', 'w'))
    open(at + '/zombie.pid', 'w').write(str(p.pid))
    while True: time.sleep(1000)
open(at + '/zombie.parent', 'w').write(str(middle))
time.sleep(1000)  # reaps nobody
E
remember $!
wait_for 'it holds' sh -c "[ \"\$(cat '$T/mutex/zombie.bytes')\" = 0 ]"
wait_for 'its parent is known' test -s "$T/mutex/zombie.parent"
kill -KILL "$(parent_of zombie)"
wait_for 'it has let go although its parent is a zombie' ended zombie
equal 'state of the parent' Z "$(sed 's/.*) \(.\).*/\1/' "/proc/$(parent_of zombie)/stat")"
equal 'what it said' 'parent gone' "$(said zombie)"

holds polled strace -D -f -qq -o "$T/trace" -e trace=pidfd_open -e inject=pidfd_open:error=ENOSYS "$FCNTL" "$lock" 0
refuse 'it has a pidfd' watched_at_once polled
kill -KILL "$(parent_of polled)"
expect_lost polled 'parent gone'
grep -q ENOSYS "$T/trace" || fail 'the kernel had pidfds'

# The file.
holds removed "$FCNTL" "$lock" 1
rm "$lock"
expect_lost removed "$me: lock lost - lock file \"$lock\" open failed (ret=2)"
holds replaced "$FCNTL" "$lock" 1
: >"$T/shared/other"
mv "$T/shared/other" "$lock"
expect_lost replaced "$me: lock lost - lock file \"$lock\" inode changed"
holds unchecked "$FCNTL" "$lock" 0
refuse 'it has a test child' child_of unchecked
let_go unchecked TERM

# Another file system over it, with the same inode number.
need_root
mount -t tmpfs tmpfs "$T/shared"
: >"$lock"
holds hidden "$FCNTL" "$lock" 1
number=$(stat -c %i "$lock")
mount -t tmpfs tmpfs "$T/shared"
: >"$lock"
[ "$(stat -c %i "$lock")" = "$number" ] || fail 'the other file system gives other numbers'
expect_lost hidden "$me: lock lost - lock file \"$lock\" device changed"
umount "$T/shared"
umount "$T/shared"

# The test child killed, the holder killed, either one stopped.
holds childless "$FCNTL" "$lock"
wait_for 'the test child runs' child_of childless
kill -KILL "$(child_of childless)"
expect_lost childless ''
holds dead "$FCNTL" "$lock"
wait_for 'the test child runs' child_of dead
child=$(child_of dead)
let_go dead KILL
expect_lost dead ''
wait_for 'the test child is gone' gone "$child"
holds stuck "$FCNTL" "$lock" 1 2
wait_for 'the test child runs' child_of stuck
kill -STOP "$(child_of stuck)"
expect_lost stuck "$me: ping timeout from lock test child"
holds stopped "$FCNTL" "$lock" 1 2
wait_for 'the test child runs' child_of stopped
kill -STOP "$(pid_of stopped)"
expect_lost stopped "$me: ping timeout from lock holder"
