// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/probe_keys.h: the keys that say how to ask whether something works, of [service.ready] and of checks:
// command, tcp, unix, http or rpc.
#pragma once

#include "processd/config/table_reader.h"
#include "processd/model/probe_spec.h"

#include <array>

namespace processd::config {

inline constexpr std::array<std::string_view, 5> probe_keys{"command", "tcp", "unix", "http", "rpc"};

// Reads the one of them that was found to be there.
void read_probe(TableReader& keys, std::string_view key, model::ProbeSpec& probe);

} // namespace processd::config
