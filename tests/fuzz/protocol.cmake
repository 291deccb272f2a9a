# SPDX-License-Identifier: GPL-3.0-or-later
fuzz_target(protocol-spec SOURCES protocol/spec_fuzz.cpp LINKS protocol CORPUS protocol/corpus-spec)
fuzz_target(protocol-ring SOURCES protocol/ring_fuzz.cpp LINKS protocol CORPUS protocol/corpus-ring)
fuzz_target(protocol-packet SOURCES protocol/packet_fuzz.cpp LINKS protocol CORPUS protocol/corpus-packet)
