# SPDX-License-Identifier: GPL-3.0-or-later
fuzz_target(api-request SOURCES api/request_fuzz.cpp LINKS api CORPUS api/corpus-request)
