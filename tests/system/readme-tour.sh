#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The tour in README.md does what it says when it is pasted into a shell as it stands.
. "$(dirname "$0")/lib.sh"
need_root

# From a directory where the programs are in build/bin; what ends by Ctrl-C ends by itself.
mkdir -p "$T/tree/build"
ln -s "$BIN_DIR" "$T/tree/build/bin"
# shellcheck disable=SC2016 # those are Markdown's
sed -n '/^## A tour/,/^## Licence/p' "$TEST_DIR/../../README.md" | sed -n '/^```sh/,/^```$/ { /^```/d; p; }' |
	sed "s|/tmp/tour|$T/tour|g; s|^curl -sN |timeout 2 &|" >"$T/commands"
[ "$(wc -l <"$T/commands")" -gt 20 ] || fail 'there is no tour in README.md'
(cd "$T/tree" && env -u CTDB_PROCESSD_SOCKET sh -x "$T/commands") >"$T/said" 2>"$T/trace" </dev/null || {
	cat "$T/said" "$T/trace" >&2
	fail 'the last command of the tour failed'
}
cat "$T/trace" >>"$LOG"
for expected in '1 service, all well' 'clock started in' ': clock is up' 'hello' 'exit code 3' 'clock *service *SIGKILL' \
	'"outcome": "exited"' '"type":"line"' 'manager restarted at' 'service clock stopped'; do
	expect "the tour shows \"$expected\"" grep -q "$expected" "$T/said"
done
refuse 'something is left' test -e "$T/tour"
