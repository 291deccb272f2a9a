#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Real ctdbds whose nodes files ctdb_nodes writes: a node is added and one is deleted, "ctdb_nodes reconcile" on all nodes at
# once leads to one reload by the leader, a node that is still connected is not deleted before it has left, and a list that
# another node does not have yet is waited for.
# test: timeout=300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-ctdbd.sh"

need_root
need ctdbd ctdb
export WAIT=120
make_node 0
make_node 1
make_node 2

# Notes each reload that was done.
mkdir "$T/bin"
cat >"$T/bin/ctdb" <<E
#!/bin/sh
$(command -v ctdb) "\$@" || exit
[ "\$1" != reloadnodes ] || echo "\$CTDB_BASE" >>$T/reloads
E
chmod +x "$T/bin/ctdb"
: >"$T/reloads"

refresh_node()
{
	"$BIN_DIR/ctdb_nodes" refresh --file "$T/n$1/nodes" -- cat "$T/source"
}
# reconcile N [TIMEOUT]: in the background; ends in $T/reconciled.N
reconcile()
{
	rm -f "$T/reconciled.$1"
	(
		export PATH="$T/bin:$PATH"
		code=0
		on_node "$1" "$BIN_DIR/ctdb_nodes" reconcile --file "$T/n$1/nodes" --timeout "${2:-100s}" >"$T/said.$1" 2>&1 || code=$?
		echo "$code" >"$T/reconciled.$1"
	) &
}
reconciled()
{
	wait_for "node $1 is done" test -s "$T/reconciled.$1"
	equal "how reconcile of node $1 ended: $(cat "$T/said.$1")" 0 "$(cat "$T/reconciled.$1")"
}
leader_is_one_of_ours()
{
	leader=$(on_node 0 ctdb leader) && [ "$leader" -ge 0 ]
}

printf '127.0.0.1\n127.0.0.2\n' >"$T/source"
refresh_node 0
refresh_node 1
start_node 0
start_node 1
wait_for 'two nodes are healthy' is_ok 0 2
wait_for 'the other one sees that, too' is_ok 1 2
wait_for 'somebody leads' leader_is_one_of_ours
for node in 0 1; do reconcile "$node"; done
for node in 0 1; do reconciled "$node"; done
equal 'without a change nothing is reloaded' '' "$(cat "$T/reloads")"

# A third node. The others' lists come one after the other, so the leader has to wait.
echo 127.0.0.3 >>"$T/source"
leader=$(on_node 0 ctdb leader)
refresh_node "$leader"
reconcile "$leader" 2s
wait_for 'it gives up' test -s "$T/reconciled.$leader"
equal 'how it ends' 1 "$(cat "$T/reconciled.$leader")"
expect 'it says why' grep -q 'not done after 2s: .*Nodes file on node . differs' "$T/said.$leader"
reconcile "$leader"
wait_for 'the leader waits for the list of the other node' grep -q 'trying again' "$T/said.$leader"
for node in 0 1 2; do refresh_node "$node"; done
reconcile $((1 - leader))
reconciled 0
reconciled 1
equal 'one reload, by the leader' "$T/n$leader" "$(cat "$T/reloads")"
expect 'it says who is not there yet' grep -q 'when they start: 2' "$T/said.$leader"
start_node 2
for node in 0 1 2; do wait_for "node $node sees three healthy nodes" is_ok "$node" 3; done

# Everybody at once now.
: >"$T/reloads"
for node in 0 1 2; do reconcile "$node"; done
for node in 0 1 2; do reconciled "$node"; done
equal 'what is in order is not reloaded' '' "$(cat "$T/reloads")"

# A line that is taken out would shift numbers.
printf '127.0.0.1\n127.0.0.3\n' >"$T/source"
refuse 'numbers shift' refresh_node 0
expect 'the list stays' grep -qx 127.0.0.2 "$T/n0/nodes"

# Node 1 is deleted, and only once it has left.
printf '127.0.0.1\n#127.0.0.2\n127.0.0.3\n' >"$T/source"
refresh_node 0
refresh_node 2
refresh_node 1
wait_for 'somebody leads' leader_is_one_of_ours
leader=$(on_node 0 ctdb leader)
reconcile "$leader"
wait_for 'a connected node is not deleted' grep -q 'still connected' "$T/said.$leader"
stop_node 1
for node in 0 2; do [ "$node" = "$leader" ] || reconcile "$node"; done
for node in 0 2; do reconciled "$node"; done
for node in 0 2; do wait_for "node $node sees two healthy nodes" is_ok "$node" 2; done
refuse 'node 0 still knows the deleted node' sh -c "CTDB_BASE=$T/n0 ctdb -X nodestatus all | grep -F '|127.0.0.2|'"
# By another node if node 1 had led.
equal 'one reload' 1 "$(wc -l <"$T/reloads")"
stop_node 2
stop_node 0
