#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A man page and its program's --help name the same options, and mandoc has nothing to say about any page.
# Pages without a program of their name (file formats) are only looked at by mandoc.
. "$(dirname "$0")/files.sh"
command -v mandoc >/dev/null || {
	echo 'skipped: needs mandoc'
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prints the long options in a text, one a line.
list_options()
{
	grep -oE '(^|[^[:alnum:]-])--[a-z][a-z0-9-]*' | grep -oE '[-]-[a-z0-9-]*' | sort -u
}

# Prints what a program says about itself, subcommands included.
ask_help()
{
	"$@" --help
	"$@" --help | sed -n '/^Subcommands:/,$ s/^  \([a-z][a-z-]*\) .*/\1/p' | while read -r _subcommand; do
		ask_help "$@" "$_subcommand"
	done
}

result=0
pages=0
for page in docs/man/*.[1-8]; do
	[ -e "$page" ] || continue
	pages=$((pages + 1))
	mandoc -T lint -W warning "$page" || result=1
	program=$BIN_DIR/$(basename "${page%.*}")
	[ -x "$program" ] || continue
	ask_help "$program" | list_options >"$work/help"
	mandoc -T ascii -O width=300 "$page" | sed "s/.$(printf '\b')//g" | list_options >"$work/page"
	while IFS= read -r option; do
		grep -qxe "$option" "$work/page" || {
			echo "$page does not mention $option, which ${program##*/} --help does"
			result=1
		}
	done <"$work/help"
	# A page may speak of other programs' options: only those that begin a line of its option lists count.
	mandoc -T ascii -O width=300 "$page" | sed "s/.$(printf '\b')//g" | grep -E '^ +-' | list_options >"$work/listed"
	while IFS= read -r option; do
		grep -qxe "$option" "$work/help" || {
			echo "$page lists $option, which ${program##*/} --help does not"
			result=1
		}
	done <"$work/listed"
done
[ "$pages" -gt 0 ] || {
	echo 'skipped: no man pages yet'
	exit 77
}
exit "$result"
