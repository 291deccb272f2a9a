// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/size.h: sizes as people write them in TOML: "512B" "256KiB" "10MiB" "1GiB".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace processd::config {

// One whole number and one unit (B, KiB, MiB, GiB, TiB), without a blank; nothing for anything else or beyond 2^63.
std::optional<std::uint64_t> parse_size(std::string_view text);
// In the largest exact unit: 262144 is "256KiB", 1000 is "1000B".
std::string format_size(std::uint64_t bytes);

} // namespace processd::config
