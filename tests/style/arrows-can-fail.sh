#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The test of the include arrows sees what it is there for: each kind of violation, put into a small tree, is found.
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/docs" "$tree/low" "$tree/high"
cat >"$tree/docs/architecture.md" <<E
\`\`\`arrows
low:
high: low
high/main.cpp: *
only high <tdb.h>
\`\`\`
E
result=0

# see VERDICT WHAT FILE LINE: the line in that file of the small tree must be found "good" or "bad".
see()
{
	echo "$4" >"$tree/$3"
	if TOP="$tree" "$here/arrows.sh" >"$tree/said" 2>&1; then _verdict=good; else _verdict=bad; fi
	[ "$_verdict" = "$1" ] || {
		echo "$2: expected $1, got $_verdict: $(cat "$tree/said")"
		result=1
	}
	rm "$tree/$3"
}

see good 'an arrow down' high/a.cpp '#include "low/b.h"'
see good 'a room to itself' low/a.cpp '#include "low/b.h"'
see bad 'an arrow up' low/a.cpp '#include "high/b.h"'
see bad 'an arrow up, indented' low/a.h ' #  include "high/b.h"'
see bad 'a path that does not start at the root' low/a.cpp '#include "b.h"'
see bad 'a file outside of all rooms' stray.cpp '#include "low/b.h"'
see good 'a program that composes all' high/main.cpp '#include "low/b.h"'
see good 'a library in its room' high/a.cpp '#include <tdb.h>'
see bad 'a library outside of its room' low/a.cpp '#include <tdb.h>'
see good 'the standard library' low/a.cpp '#include <string>'
exit "$result"
