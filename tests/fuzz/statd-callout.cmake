# SPDX-License-Identifier: GPL-3.0-or-later
fuzz_target(callout-config SOURCES statd-callout/config_fuzz.cpp LINKS callout CORPUS statd-callout/corpus-config)
