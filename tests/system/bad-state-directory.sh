#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A state directory that will not do is refused at the start with one sentence: what, where, and what would be right; and
# files in it that are not ours, or damaged, are set aside, not lost and not in the way.
# test: asan
. "$(dirname "$0")/lib.sh"
need_root

# refused SENTENCE TEXT…: the daemon does not start, and its only error line has each text.
refused()
{
	_sentence=$1
	shift
	: >"$LOG"
	launch_daemon
	wait_for "the daemon refuses to start with $_sentence" gone "$KEEPER"
	_status=0
	wait "$KEEPER" || _status=$?
	KEEPER=
	equal "exit code with $_sentence" 1 "$_status"
	equal "error lines with $_sentence" 1 "$(grep -c error "$LOG")"
	for _text; do
		grep -F -- "$_text" "$LOG" | grep -q error || fail "with $_sentence expected \"$_text\" in: $(cat "$LOG")"
	done
	refuse "something is left in the runtime directory with $_sentence" test -S "$SOCKET"
}

service web <<E
[service]
command = ["sleep", "1000"]
E
state=$STATE

STATE=$state/missing/too
refused 'no parent directory' "$STATE" 'whose parent directory must exist'
: >"$state/file"
STATE=$state/file
refused 'a file in its place' "$STATE" 'Not a directory'
STATE=$state/file/below
refused 'a file as its parent' "$STATE" 'Not a directory'
ln -s nowhere "$state/link"
STATE=$state/link
refused 'a link to nowhere' "$STATE" 'No such file'
STATE=$state
mkdir "$STATE/store.lock"
refused 'a directory as lock' "$STATE/store.lock" 'Is a directory'
rmdir "$STATE/store.lock"

mount -t tmpfs -o size=8m,ro none "$STATE"
refused 'a read-only file system' "$STATE" 'must be writable' 'Read-only file system'
mount -o remount,rw "$STATE"
cat /dev/zero >"$STATE/filler" 2>/dev/null || :
refused 'a full file system' "$STATE/runs.tdb" 'No space left on device'
rm "$STATE/filler"

# What a first life leaves serves the ones below. A second daemon has sockets of its own, but not this directory.
start_daemon
wait_for 'web is ready' service_is web ready
run_to_end '{"command": ["echo", "the first"]}' >/dev/null
keeper=$KEEPER first_log=$LOG first_runtime=$RUNTIME
remember "$keeper"
RUNTIME=$T/daemon/run2 SOCKET=$T/daemon/run2/api.socket LOG=$T/daemon/log2
mkdir "$RUNTIME"
refused 'another daemon in it' "$STATE" "in use by process" 'each daemon needs its own'
KEEPER=$keeper LOG=$first_log RUNTIME=$first_runtime SOCKET=$first_runtime/api.socket
expect 'the first daemon is not impressed' service_is web ready
stop_daemon

# record NAME: the output that is on record of the newest run of that name.
record()
{
	api GET "/v1/runs/$(api GET "/v1/runs?name=$1" | jq -r '.runs[0].id')" | jq -r '[.tail[].text] | join("")'
}

# Full, but with files from better days: they have some room in them.
cat /dev/zero >"$STATE/filler" 2>/dev/null || :
start_daemon
wait_for 'web is ready on a full disk' service_is web ready
equal 'what is on record' 'the first' "$(record echo)"
stop_daemon
rm "$STATE/filler"

# set_aside FILE: exactly one such file was kept, it holds what it held, and an error says so.
set_aside()
{
	equal "copies kept of $1" 1 "$(find "$STATE" -name "$1.corrupt-*" | wc -l)"
	expect "the copy of $1 is what it was" cmp "$T/$1" "$STATE/$1".corrupt-*
	grep -F 'damaged file set aside, a fresh one begun' "$LOG" | grep -F "file=$STATE/$1 kept_as=" | grep -q 'error: ' ||
		fail "no error names $1 in: $(cat "$LOG")"
	rm "$STATE/$1".corrupt-*
}

# Foreign and damaged files are kept aside, and the daemon works.
for file in runs.tdb state.tdb; do
	for damage in foreign short overwritten; do
		: >"$LOG"
		case $damage in
		foreign) echo 'my shopping list' >"$T/$file" ;;
		short) head -c 5000 "$STATE/$file" >"$T/$file" ;;
		overwritten) # the table of hash chains
			cp "$STATE/$file" "$T/$file"
			tr '\0' '\377' </dev/zero | dd of="$T/$file" bs=1 seek=168 count=500 conv=notrunc status=none
			;;
		esac
		cp "$T/$file" "$STATE/$file"
		start_daemon
		wait_for "web is ready after a $damage $file" service_is web ready
		run_to_end '{"command": ["printf", "a later one"]}' >/dev/null
		set_aside "$file"
		stop_daemon
		: >"$LOG"
		start_daemon
		equal "on record after a $damage $file" 'a later one' "$(record printf)"
		refuse "anything is set aside once more after a $damage $file" grep -q 'set aside' "$LOG"
		stop_daemon
	done
done
