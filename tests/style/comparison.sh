#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Each row of docs/comparison.md that says what we do names a test, and that test exists.
cd "$(dirname "$0")/../.." || exit 1
result=0
rows=$(grep -E '^\| [^|*-]' docs/comparison.md | grep -v '^| |')
[ "$(printf '%s\n' "$rows" | wc -l)" -gt 20 ] || {
	echo 'docs/comparison.md has lost its rows'
	exit 1
}
printf '%s\n' "$rows" | cut -d '|' -f 3 | grep -vn '`' && {
	echo 'a row of docs/comparison.md names no test'
	result=1
}
# shellcheck disable=SC2016 # the quotes are markdown's
for name in $(printf '%s\n' "$rows" | cut -d '|' -f 3 | grep -oE '`[^`]+`' | tr -d '`'); do
	case $name in
	unit-*) grep -q "room_test(${name#unit-}" -r tests --include=CMakeLists.txt && continue ;;
	*) [ -e "tests/system/$name.sh" ] && continue ;;
	esac
	echo "docs/comparison.md names $name, which is no test"
	result=1
done
exit "$result"
