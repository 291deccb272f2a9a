# SPDX-License-Identifier: GPL-3.0-or-later
fuzz_target(callout-config SOURCES statd-callout/config_fuzz.cpp LINKS callout CORPUS statd-callout/corpus-config)
fuzz_target(callout-reply SOURCES statd-callout/reply_fuzz.cpp LINKS callout_notify CORPUS statd-callout/corpus-reply)
fuzz_target(callout-text SOURCES statd-callout/text_fuzz.cpp LINKS callout_helper CORPUS statd-callout/corpus-text)
