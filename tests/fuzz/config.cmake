# SPDX-License-Identifier: GPL-3.0-or-later
fuzz_target(config SOURCES config_fuzz.cpp LINKS config model base CORPUS config_corpus)
