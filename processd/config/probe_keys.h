// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/probe_keys.h: the keys that say how to ask whether something works, of [service.ready] and of checks:
// command, tcp, unix, http or rpc.
#pragma once

#include "processd/config/table_reader.h"
#include "processd/model/probe_spec.h"

#include <array>
#include <span>
#include <vector>

namespace processd::config {

inline constexpr std::array<std::string_view, 5> probe_keys{"command", "tcp", "unix", "http", "rpc"};

bool is_probe_key(std::string_view key);

// Which of some keys that exclude each other are there. A drop-in that gives one replaces that of the file below it;
// two in one file are a mistake.
std::vector<const Entry*> ways_of(TableReader& keys, std::span<const std::string_view> all);
// Reads the one of probe_keys that was found to be there.
void read_probe(TableReader& keys, std::string_view key, model::ProbeSpec& probe);

} // namespace processd::config
