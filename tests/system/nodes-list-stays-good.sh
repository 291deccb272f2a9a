#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# ctdb_nodes prints the last good list whatever the command does that should bring a new one: fails, hangs, is killed, prints
# nonsense or a list that shifts numbers. Readers see one list or the other, never a part; a real ctdbd starts with it.
# test: asan timeout=300
# shellcheck disable=SC2016 # the commands' own variables
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-ctdbd.sh"

export WAIT=90
export CTDB_NODES_FILE="$T/etc/nodes"
say=$T/said

nodes()
{
	"$BIN_DIR/ctdb_nodes" "$@" 2>"$say"
}
# refused SENTENCE WORDS COMMAND…: refresh with a command fails, says WORDS, and the list is what it was.
refused()
{
	_why=$1 _words=$2
	shift 2
	if nodes refresh --tries 1 --timeout 20s -- "$@"; then fail "$_why: taken"; fi
	grep -qF "$_words" "$say" || fail "$_why: $(cat "$say")"
	expect "$_why: the list stays" cmp "$T/good" "$CTDB_NODES_FILE"
}
bring()
{
	printf %b "$1" >"$T/source"
	nodes refresh --tries 1 -- cat "$T/source"
}
refused_list()
{
	_sentence=$1 _said=$2
	printf %b "$3" >"$T/source"
	refused "$_sentence" "$_said" cat "$T/source"
}

no_process()
{
	! pgrep -f "$1"
}

# Nothing yet: nothing is printed.
if nodes >"$T/out"; then fail 'a list out of nothing'; fi
equal 'nothing on stdout' '' "$(cat "$T/out")"
expect 'it says why' grep -q "there is no $CTDB_NODES_FILE" "$say"

bring '10.0.0.1\n  10.0.0.2\t\n\n# 10.0.0.3\nFD00::4\n' || fail "a good list: $(cat "$say")"
printf '10.0.0.1\n10.0.0.2\n#10.0.0.3\nfd00::4\n' >"$T/good"
expect 'the list is in canonical form' cmp "$T/good" "$CTDB_NODES_FILE"
nodes >"$T/out"
expect 'and printed' cmp "$T/good" "$T/out"
equal 'everybody may read it' 644 "$(stat -c %a "$CTDB_NODES_FILE")"
before=$(stat -c '%i %Y' "$CTDB_NODES_FILE")
bring '10.0.0.1\n10.0.0.2\n#10.0.0.3\nfd00::4\n'
equal 'the same list is not written again' "$before" "$(stat -c '%i %Y' "$CTDB_NODES_FILE")"

refused 'a command that fails' 'false exited with 1' false
refused 'a command that is killed' 'was killed by signal 9' sh -c 'cat "$0"; kill -9 $$' "$T/good"
refused 'a good list and a bad exit' 'exited with 3' sh -c 'cat "$0"; exit 3' "$T/good"
refused 'no such command' 'No such file' "$T/none"
refused 'no end' 'wrote more than' yes 10.0.0.1
refused 'nothing' 'there is nothing in it' true
refused_list 'cut off' 'may be cut off' '10.0.0.1\n10.0.0.2\n#10.0.0.3\nfd00::4'
refused_list 'a name' 'line 5: "node-5" is not an IPv4 or IPv6 address' '10.0.0.1\n10.0.0.2\n#\nfd00::4\nnode-5\n'
refused_list 'a bad address' "\"10.0.0.300\" is not an IPv4" '10.0.0.1\n10.0.0.2\n#\nfd00::4\n10.0.0.300\n'
refused_list 'twice' '10.0.0.1 is there twice, as node 0 and as node 4' '10.0.0.1\n10.0.0.2\n#\nfd00::4\n10.0.0.1\n'
refused_list 'shifted' 'node 3 (fd00::4) would become node 2: numbers must not shift' '10.0.0.1\n10.0.0.2\nfd00::4\n'
refused_list 'shortened' 'node 3 (fd00::4) is missing' '10.0.0.1\n10.0.0.2\n#\n'
refused_list 'another address' 'node 1 (10.0.0.2) would become 10.0.0.9' '10.0.0.1\n10.0.0.9\n#\nfd00::4\n'
refused_list 'a number used again' 'node 2 (10.0.0.3) is deleted and its number would go to 10.0.0.9' \
	'10.0.0.1\n10.0.0.2\n10.0.0.9\nfd00::4\n'

# A command that hangs, and one whose children hold its output open.
if nodes refresh --tries 1 --timeout 200ms -- sh -c 'echo 10.0.0.1; sleep 1000 & sleep 1001'; then fail 'a hung command was good'; fi
expect 'it says so' grep -q 'sh was not done after 200ms; the last good list stays' "$say"
wait_for 'nothing of it is left' no_process 'sleep 100[01]'
nodes refresh --tries 1 --timeout 60s -- sh -c 'cat "$0"; sleep 1002 &' "$T/good"
wait_for 'no child of the command is left' no_process 'sleep 1002'

# While a refresh hangs the list is printed, and another refresh doesn't start.
"$BIN_DIR/ctdb_nodes" refresh --tries 1 --timeout 100s -- sh -c 'echo >"$0"; sleep 1003' "$T/hangs" &
hung=$!
remember "$hung"
wait_for 'a refresh hangs' test -s "$T/hangs"
"$BIN_DIR/ctdb_nodes" >"$T/out"
expect 'the list is printed meanwhile' cmp "$T/good" "$T/out"
refused 'a second refresh' 'another refresh' cat "$T/good"
kill -TERM "$hung"
wait_for 'its command died with it' no_process 'sleep 1003'

# What works at the third try is taken.
: >"$T/count"
nodes refresh --tries 3 --delay 10ms -- sh -c 'echo x >>"$0"; [ "$(wc -l <"$0")" = 3 ] && cat "$1"' "$T/count" "$T/good" ||
	fail "the third try: $(cat "$say")"

# A deleted node comes back as itself; what its address was is not forgotten.
bring '10.0.0.1\n#\n#\nfd00::4\n10.0.0.5\n' || fail "deleted and added: $(cat "$say")"
expect 'it says what changed' grep -q 'node 4 (10.0.0.5) added, node 1 (10.0.0.2) deleted' "$say"
bring '10.0.0.1\n10.0.0.2\n#\nfd00::4\n10.0.0.5\n' || fail "a node comes back: $(cat "$say")"
equal 'addresses of deleted nodes are kept' '#10.0.0.3' "$(sed -n 3p "$CTDB_NODES_FILE")"

# The JSON of sambacc, through a symbolic link as it makes them.
rm "$CTDB_NODES_FILE"
ln -s "$T/real" "$CTDB_NODES_FILE"
bring '{"nodes": [{"identity": "smb-0", "node": "10.1.0.1", "pnn": 0, "state": "ready"},
	{"identity": "smb-1", "node": "10.1.0.2", "pnn": 1, "state": "new"}]}' || fail "JSON: $(cat "$say")"
equal 'its nodes' '10.1.0.1 10.1.0.2 ' "$(tr '\n' ' ' <"$T/real")"
bring '{"nodes": [{"identity": "smb-1", "node": "10.1.0.9", "pnn": 1, "state": "changed"},
	{"identity": "smb-0", "node": "10.1.0.1", "pnn": 0, "state": "ready"}]}'
equal 'a node whose address changes is out' '10.1.0.1 #10.1.0.2 ' "$(nodes | tr '\n' ' ')"
bring '{"nodes": [{"identity": "smb-0", "node": "10.1.0.1", "pnn": 0, "state": "ready"},
	{"identity": "smb-1", "node": "10.1.0.9", "pnn": 1, "state": "replaced"}]}'
equal 'until it is replaced' '10.1.0.1 10.1.0.9 ' "$(nodes | tr '\n' ' ')"
expect 'the link is still one' test -L "$CTDB_NODES_FILE"

# Many readers and a writer that goes back and forth: each reads a whole list.
rm -f "$CTDB_NODES_FILE"
seq -f '10.2.0.%g' 200 >"$T/long"
sed '2,200s/^/#/' "$T/long" >"$T/longer"
nodes refresh -- cat "$T/long"
(
	for _ in $(seq 30); do
		nodes refresh -- cat "$T/longer"
		nodes refresh -- cat "$T/long"
	done
	: >"$T/written"
) &
while [ ! -e "$T/written" ]; do
	"$BIN_DIR/ctdb_nodes" >"$T/out"
	cmp -s "$T/out" "$T/long" || cmp -s "$T/out" "$T/longer" || fail "a part of a list: $(wc "$T/out")"
done

# ctdbd takes it.
command -v ctdbd >/dev/null || exit 0
make_node 0
CTDB_NODES_FILE=$T/n0/nodes nodes refresh -- printf '127.0.0.1\n#127.0.0.2\n127.0.0.3\n'
start_node 0
expect_members()
{
	[ "$(on_node 0 ctdb -X status | cut -d '|' -f 2,3 | tail -n +2 | tr '\n' ' ')" = '0|127.0.0.1 2|127.0.0.3 ' ]
}
wait_for 'ctdbd has these nodes' expect_members
