# SPDX-License-Identifier: GPL-3.0-or-later
fuzz_target(stored-record SOURCES store/record_fuzz.cpp LINKS store CORPUS store/corpus-record)
