# SPDX-License-Identifier: GPL-3.0-or-later
fuzz_target(lock-holders SOURCES lock/holders_fuzz.cpp LINKS lock CORPUS lock/corpus-holders)
