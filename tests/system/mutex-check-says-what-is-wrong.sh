#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# ctdb_mutex_check calls a lock coherent that is, and says in words what is wrong: strings that differ, a helper or a
# directory that is not there, a file system that is not shared, a lock that is not exclusive, re-entrant on one node, not
# released, held already. The other node is a mount namespace of its own.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mutex.sh"

need_root
need nsenter
check=$BIN_DIR/ctdb_mutex_check
mkdir "$T/shared" "$T/local"
unshare -m --propagation private sh -c "mount -t tmpfs tmpfs '$T/local'; : >'$T/ready'; exec sleep 1000" &
node=$!
remember "$node"
wait_for 'the other node is there' test -e "$T/ready"

# judge CODE WORDS LOCK [ARG…]: checks the string; the code, and words in the last line.
judge()
{
	_code=$1 _words=$2 _lock=$3
	shift 3
	_got=0
	timeout 100 "$check" --lock "$_lock" "$@" nsenter -t "$node" -m "$check" --answer >"$T/said" 2>&1 || _got=$?
	equal "the verdict on $_lock ($(cat "$T/said"))" "$_code" "$_got"
	tail -n 1 "$T/said" | grep -qE "$_words" || fail "$_lock: $(cat "$T/said")"
}

judge 0 '^ok: the lock is coherent$' "!$FCNTL $T/shared/lock"
grep -q '^ok: both nodes see the same directory$' "$T/said" || fail "$(cat "$T/said")"
CTDB_CLUSTER_MUTEX_HELPER=$FCNTL judge 0 '^ok: the lock is coherent$' "$T/shared/lock"
equal 'what is left of it' lock "$(ls -A "$T/shared")"
theirs=/usr/libexec/ctdb/ctdb_mutex_fcntl_helper
[ ! -x "$theirs" ] || judge 0 '^ok: the lock is coherent$' "!$theirs $T/shared/lock" --patience 20

judge 1 'writes beside the lock file is not there on the other node .*not the same file system' "!$FCNTL $T/local/lock" --patience 1
judge 1 'on this node .*, .*/none: No such file or directory' "!$FCNTL $T/none/lock"
judge 1 'on this node .*, /none/helper: No such file or directory' "!/none/helper $T/shared/lock"
nsenter -t "$node" -m mount -t tmpfs tmpfs "$T/shared"
judge 1 'writes beside the lock file is not there' "!$FCNTL $T/shared/lock" --patience 1
nsenter -t "$node" -m umount "$T/shared"

# Helpers that are none.
helper()
{
	cat >"$T/helper"
	chmod +x "$T/helper"
}
helper <<'E'
#!/bin/sh
printf 0
exec sleep 1000
E
judge 1 'not exclusive: while this node .* holds it, the other node .* gets it too' "!$T/helper"
helper <<E
#!/bin/sh
mkdir "$T/shared/\$(readlink /proc/self/ns/mnt).\$\$"
[ "\$(ls "$T/shared" | sed -n 's/^mnt:\\(.*\\)\\..*/\\1/p' | sort -u | wc -l)" = 1 ] || { rmdir "$T/shared/"*".\$\$"; printf 1; exit; }
printf 0
exec sleep 1000
E
judge 1 'not exclusive: the same node gets it twice' "!$T/helper"
rm -rf "$T/shared/"*
helper <<E
#!/bin/sh
mkdir "$T/shared/taken" 2>/dev/null || { printf 1; exit; }
trap 'rmdir "$T/shared/taken"; exit' TERM
printf 0
while :; do sleep 1 & wait \$!; done
E
judge 1 "not released: .* s after its helper's death" "!$T/helper" --patience 2
judge 2 'the lock is held by somebody else' "!$T/helper"
helper <<'E'
#!/bin/sh
echo 'this does not work' >&2
printf 3
E
judge 1 'cannot be taken: the helper failed after .*this does not work' "!$T/helper"
helper <<'E'
#!/bin/sh
exit 0
E
judge 1 'cannot be taken: no answer' "!$T/helper"

# Strings of ctdb.conf.
printf '[cluster]\n cluster lock = !%s %s\n' "$FCNTL" "$T/shared/lock" >"$T/here.conf"
sed 's/$/ 5/' "$T/here.conf" >"$T/there.conf"
compare()
{
	_got=0
	"$check" nsenter -t "$node" -m "$check" --answer >"$T/said" 2>&1 || _got=$?
	equal "the verdict ($(cat "$T/said"))" "$1" "$_got"
	grep -q "$2" "$T/said" || fail "$(cat "$T/said")"
}
if [ -x /usr/libexec/ctdb/ctdb-config ]; then
	mkdir -p /etc/ctdb
	mount -t tmpfs tmpfs /etc/ctdb
	cp "$T/here.conf" /etc/ctdb/ctdb.conf
	nsenter -t "$node" -m sh -c "mount -t tmpfs tmpfs /etc/ctdb; cp '$T/there.conf' /etc/ctdb/ctdb.conf"
	compare 1 '^wrong: the lock strings differ'
	nsenter -t "$node" -m cp "$T/here.conf" /etc/ctdb/ctdb.conf
	compare 0 '^ok: both nodes have the same lock string'
fi

# Without another side.
_got=0
"$check" --lock "!$FCNTL $T/shared/lock" /none/ssh >"$T/said" 2>&1 || _got=$?
equal 'the verdict without another side' 2 "$_got"
grep -q '^not checked: on the other node: the other side has ended' "$T/said" || fail "$(cat "$T/said")"
