# SPDX-License-Identifier: GPL-3.0-or-later
fuzz_target(keeper-notify SOURCES keeper/notify_fuzz.cpp LINKS keeper CORPUS keeper/corpus-notify)
fuzz_target(keeper-state SOURCES keeper/state_fuzz.cpp LINKS keeper CORPUS keeper/corpus-state)
