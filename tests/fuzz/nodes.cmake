# SPDX-License-Identifier: GPL-3.0-or-later
fuzz_target(nodes-list SOURCES nodes/list_fuzz.cpp LINKS nodes CORPUS nodes/corpus-list)
