// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/names.h: names that come from outside, and the record's name made of two of them.
// A client's name becomes part of a path, of a key that is cut at '@', and of a line that is cut at quotes, so a name
// that could change any of them is hostile and refused.
#pragma once

#include <cstddef>
#include <string_view>

namespace callout {

constexpr std::string_view record_prefix = "statd-state@"; // statd-state@SERVER@CLIENT
constexpr std::size_t max_record_name = 255;               // NAME_MAX

// Null if the name may be used, else why not, as "holds a '/'".
const char* why_hostile(std::string_view name) noexcept;

} // namespace callout
