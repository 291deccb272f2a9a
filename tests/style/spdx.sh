#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every file that can hold a comment names its licence near its top. Not asked: JSON, which has none, data of tests,
# git's own files and the licence itself.
. "$(dirname "$0")/files.sh"
bad=$(list_files | grep -vE '\.json$|/[a-z_-]*corpus[a-z_-]*/|/data/|(^|/)\.git|^COPYING$' | while IFS= read -r file; do
	[ ! -f "$file" ] || head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' || echo "$file"
done)
[ -z "$bad" ] || {
	printf 'no SPDX line in the first three lines of:\n%s\n' "$bad"
	exit 1
}
