#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every C++ source is as clang-format (Debian 12's, with .clang-format) would write it.
. "$(dirname "$0")/files.sh"
list_files | grep -E '\.(cpp|h)$' | xargs clang-format --dry-run -Werror
