#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# ctdb_mutex_fcntl_helper answers as CTDB's own helper does, and where that is installed, literally so. Also as a child
# with descriptors and ignored signals that it should not have.
# test: asan
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mutex.sh"

theirs=/usr/libexec/ctdb/ctdb_mutex_fcntl_helper
cd "$T"

# What a helper does that does not get to hold: status, bytes, words.
describe()
{
	_helper=$1
	shift
	_status=0
	timeout -s KILL 20 "$_helper" "$@" >"$T/out" 2>"$T/err" </dev/null || _status=$?
	echo "$_status [$(cat "$T/out")] [$(cat "$T/err")]"
}
usage='ctdb_mutex_fcntl_helper <file> [recheck_interval [ping_timeout]]'
holds first "$FCNTL" "$T/lock"
mkdir "$T/directory"
while IFS='|' read -r arguments wanted; do
	# shellcheck disable=SC2086 # words
	equal "its answer to \"$arguments\"" "$wanted" "$(describe "$FCNTL" $arguments)"
	# shellcheck disable=SC2086
	[ ! -x "$theirs" ] || equal "CTDB's answer to \"$arguments\"" "$wanted" "$(describe "$theirs" $arguments)"
done <<E
|1 [] [Usage: $usage]
a b c d|1 [] [Usage: $usage]
lock x|1 [] [Usage: $usage]
lock -1|1 [] [Usage: $usage]
lock 5 -1|1 [] [Usage: $usage]
lock 99999999999999999999|1 [] [Usage: $usage]
lock|0 [1] []
lock 5x 3y|0 [1] []
lock +5|0 [1] []
none/lock|0 [3] [ctdb_mutex_fcntl_helper: Unable to open none/lock - (No such file or directory)]
directory|0 [3] [ctdb_mutex_fcntl_helper: Unable to open directory - (Is a directory)]
E
equal 'the mode of the lock file' 600 "$(stat -c %a "$T/lock")"
expect 'the holder has said one byte, still' has first 0
refuse 'the holder has let go' lost first
equal 'what the holder said on standard error' '' "$(said first)"
let_go first TERM
wait_for 'the exit code is known' test -s "$T/mutex/first.code"
equal 'exit code after SIGTERM' 143 "$(cat "$T/mutex/first.code")"
wait_for 'standard output is at its end' lost first
expect 'the lock is free' free "$T/lock"

# Descriptors and signals: everything above 2 is closed, nothing is blocked, only SIGPIPE is ignored; also in the child.
# shellcheck disable=SC2016 # expanded by the inner shell
holds messy sh -c 'trap "" USR1 HUP QUIT PIPE; exec 5</dev/null 9>>"$2" 7</dev/null; exec "$1" "$3"' \
	sh "$FCNTL" "$T/leak" "$T/lock"

# Prints what the descriptors from the given one on are.
list_descriptors()
{
	for _fd in "/proc/$1/fd"/*; do
		[ "${_fd##*/}" -lt "$2" ] || readlink "$_fd"
	done
}
equal 'what it has inherited' '' "$(list_descriptors "$(pid_of messy)" 3 | grep -E "$T/leak|/dev/null" || :)"
wait_for 'the test child runs' child_of messy
child=$(child_of messy)
wait_for 'its child has let go of standard output' sh -c "[ \"\$(readlink /proc/$child/fd/1)\" = /dev/null ]"
wait_for 'its child has its socket as number 3' sh -c "readlink /proc/$child/fd/3 | grep -q socket:"
refuse 'its child has the lock file' sh -c "ls -l /proc/$child/fd | grep -F $T/lock"
equal 'descriptors of its child above 2 that are not its own' '' \
	"$(list_descriptors "$child" 3 | grep -vE '^(socket|anon_inode):|^$' || :)"
for pid in $(pid_of messy) $child; do
	equal "the signals that $pid ignores" 0000000000001000 "$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$pid/status")"
	equal "the signals that $pid blocks" 0000000000000000 "$(sed -n 's/^SigBlk:[[:space:]]*//p' "/proc/$pid/status")"
done
let_go messy TERM

# Without standard descriptors the lock file does not become one of them.
: >"$T/lock"
"$FCNTL" "$T/lock" <&- >&- 2>&- &
bare=$!
remember "$bare"
has_lock_or_ended()
{
	gone "$bare" || list_descriptors "$bare" 0 | grep -qxF "$T/lock"
}
wait_for 'it has ended or opened its file' has_lock_or_ended
gone "$bare" || wait_for 'it has locked its file' grep -q "POSIX.*WRITE $bare .* 0 0\$" /proc/locks
equal 'what is in the lock file' '' "$(cat "$T/lock")"
