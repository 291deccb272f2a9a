#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# files.sh: sourced by the style tests. Goes to the top of the tree ($TOP, if a test wants another one).
cd "${TOP:-$(dirname "$0")/../..}" || exit 1

# Prints the sources of the tree, one a line: what git tracks, or without git all but the builds.
list_files()
{
	git ls-files 2>/dev/null || find . -type f ! -path './build*' ! -path './.git/*' | sed 's|^\./||'
}

# Prints those files that are shell scripts, by name or first line.
list_scripts()
{
	list_files | while IFS= read -r _file; do
		case $_file in
		*.sh | *.bash | *.script) echo "$_file" ;;
		*.* | COPYING | *corpus*) ;;
		*) head -n 1 "$_file" 2>/dev/null | grep -aqE '^#!/bin/(ba)?sh' && echo "$_file" ;;
		esac
	done
	[ ! -e .ci/run ] || echo .ci/run
}
