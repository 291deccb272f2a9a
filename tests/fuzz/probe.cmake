# SPDX-License-Identifier: GPL-3.0-or-later
fuzz_target(probe SOURCES probe/probe_fuzz.cpp LINKS probe CORPUS probe/corpus)
