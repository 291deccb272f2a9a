# SPDX-License-Identifier: GPL-3.0-or-later
fuzz_target(client-reply SOURCES client/reply_fuzz.cpp LINKS client CORPUS client/corpus-reply)
