// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/base/size.h: sizes as people write them in TOML: "512B" "256KiB" "10MiB" "1GiB".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

// One whole number and one unit (B, KiB, MiB, GiB, TiB), without a blank; nothing for anything else or beyond 2^63.
std::optional<std::uint64_t> parse_size(std::string_view text);
// In the largest exact unit: 262144 is "256KiB", 1000 is "1000B"; for people with a blank between.
std::string format_size(std::uint64_t bytes, std::string_view between = {});

} // namespace base
