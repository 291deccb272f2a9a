# SPDX-License-Identifier: GPL-3.0-or-later
fuzz_target(supervisor-stored SOURCES supervisor/stored_fuzz.cpp LINKS supervisor CORPUS supervisor/corpus-stored)
