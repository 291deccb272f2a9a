#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Includes follow the arrows: compares the #include "…" lines of the tree ($TOP if set) with the block "arrows" of
# docs/architecture.md. Prints each line that goes against it; exit code 1 then.
. "$(dirname "$0")/files.sh"

# Prints the lines of the block.
list_rules()
{
	sed -n "/^\`\`\`arrows\$/,/^\`\`\`\$/p" docs/architecture.md | sed '/^`/d'
}

[ -n "$(list_rules)" ] || {
	echo "docs/architecture.md has no block \"arrows\""
	exit 1
}
list_files | grep -E '\.(cpp|h)$' | {
	{
		list_rules | sed 's/^/rule /'
		xargs grep -n '^[[:space:]]*#[[:space:]]*include' /dev/null
	} | awk '
	# The longest room that is the file itself or a directory above it.
	function room_of(path,    room, best) {
		for (room in may)
			if ((path == room || index(path, room "/") == 1) && length(room) > length(best)) best = room
		return best
	}
	function complain(why) { print where ": " why; bad = 1 }
	# "rule ROOM: WHAT…" and "rule only ROOM… <HEADER>"
	$1 == "rule" && $2 == "only" { for (i = 3; i < NF; i++) only[$NF] = only[$NF] " " $i " "; next }
	$1 == "rule" && NF > 1 { room = $2; sub(/:$/, "", room); may[room] = " "; for (i = 3; i <= NF; i++) may[room] = may[room] $i " "; next }
	$1 == "rule" { next }
	{
		split($0, part, ":"); file = part[1]; where = file ":" part[2]
		match($0, /["<][^">]*[">]/); name = substr($0, RSTART, RLENGTH)
		from = room_of(file)
		if (from == "") { complain("this file is in no room of docs/architecture.md"); next }
		seen[from] = 1
		if (name ~ /^</) {
			for (header in only)
				if (index(name, substr(header, 1, length(header) - 1)) == 1 && index(only[header], " " from " ") == 0)
					complain(name " may be included only by" only[header])
			next
		}
		name = substr(name, 2, length(name) - 2); to = room_of(name)
		if (to == "") complain("\"" name "\" does not start at the root of the tree, or is in no room")
		else if (to != from && index(may[from], " * ") == 0 && index(may[from], " " to " ") == 0)
			complain(from " may not include " to " (\"" name "\")")
	}
	END { if (!length(seen)) { print "no include line was looked at"; bad = 1 } exit bad }'
}
