# SPDX-License-Identifier: GPL-3.0-or-later
fuzz_target(queued-db-log SOURCES queued-db/log_fuzz.cpp LINKS queued_db CORPUS queued-db/corpus-log)
