#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A real, unmodified ctdbd that holds the cluster lock does not notice that the daemon above it is upgraded, to another version
# and back: whoever asks it gets RUNNING, it and all that it started are the same processes, it logs nothing, its lock helper
# keeps the lock. Then it is stopped in order by the last of those versions.
# test: timeout=180
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-upgrade.sh"
. "$TEST_DIR/lib-ctdbd.sh"
need_root
need ctdbd ctdb ethtool python3
WAIT=90

cp -R "$GOOD" "$T/other"
change_versions "$T/other" 0.1.7
make_nodes 1
settings <<E
[[logs.sink]]
kind = "file"
path = "$T/lines"
E
service ctdbd <<E
[service]
command = ["ctdbd", "-i"]
environment = { CTDB_BASE = "$T/n0", CTDB_TEST_MODE = "yes" }
[service.ready]
command = ["ctdb", "runstate", "RUNNING"]
every = "500ms"
reply_timeout = "5s"
timeout = "1m"
[service.stop]
command = ["ctdb", "shutdown"]
timeout = "30s"
E
processctl=$BIN_DIR/processctl
BIN_DIR=$PROGRAMS start_daemon
wait_for 'ctdbd is ready' service_is ctdbd ready
wait_for 'the node is healthy' is_ok 0 1
lock_helper()
{
	pgrep -f 'ctdb_mutex_fcntl_helper .*cluster.lock'
}
wait_for 'the cluster lock is held' lock_helper

# The log and the processes of ctdbd, without event scripts, which come and go.
said()
{
	grep ' ctdbd\[' "$T/lines"
}
family()
{
	_ctdbd=$(field ctdbd .main.pid)
	echo "$_ctdbd"
	pgrep -P "$_ctdbd" -x 'ctdb-eventd|ctdb_recoverd|ctdbd|ctdb_mutex.*' | sort -n
	pgrep -f 'ctdb_mutex_fcntl_helper' | sort -n
}
# Nobody says anything while nothing happens: from here on, that is.
settled()
{
	said >"$T/said-now"
	sleep 2 # what is waited for is that nothing comes
	said | cmp -s - "$T/said-now"
}
wait_for 'ctdbd has nothing more to say' settled
said >"$T/said-before"
family >"$T/family"
stays ctdbd

# Somebody who asks all the time.
(
	while [ ! -e "$T/enough" ]; do
		on_node 0 ctdb runstate >>"$T/states" 2>&1 || echo "failed" >>"$T/states"
	done
) &
asker=$!
remember "$asker"
wait_for 'somebody asks' test -s "$T/states"
for round in 1 2 3 4 5 6; do
	if [ $((round % 2)) = 1 ]; then from=$T/other version=0.1.7; else from=$GOOD version=0.1.0; fi
	install "$from/ctdb-processd"
	cp "$from/ctdb-processd-manager" "$T/manager" && mv "$T/manager" "$PROGRAMS/ctdb-processd-manager"
	"$processctl" upgrade >"$T/said" || fail "an upgrade failed: $(cat "$T/said")"
	equal 'versions of keeper and manager' "$version $version" "$(versions)"
	all_stay
done
: >"$T/enough"
wait "$asker"
equal 'states that were seen' RUNNING "$(sort -u "$T/states")"
family | diff "$T/family" - >"$T/differ" || fail "its processes are others: $(cat "$T/differ")"
said | diff "$T/said-before" - >"$T/differ" || fail "it has noticed: $(cat "$T/differ")"
expect 'the node is healthy' is_ok 0 1
refuse 'somebody else gets the cluster lock' \
	python3 -c 'import fcntl, sys; fcntl.lockf(open(sys.argv[1], "r+"), fcntl.LOCK_EX | fcntl.LOCK_NB)' "$T/cluster.lock"
ctdbd=$(field ctdbd .main.pid)
expect 'it stops in order' "$processctl" stop ctdbd
equal 'its end' 'exited 0' "$(field ctdbd '"\(.last.outcome) \(.last.code)"')"
expect 'it is gone' gone "$ctdbd"
refuse 'its lock helper is left' lock_helper
stop_daemon
