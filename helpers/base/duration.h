// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/base/duration.h: durations as people write them in TOML, queries and options: "1500ms" "30s" "5m" "2h" "1d".
// A bare number is an error, as nobody can tell its unit.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"

#include <string>
#include <string_view>

namespace base {

// One non-negative decimal number and one unit (ms, s, m, h, d); else Errc::bad_input with the right form named.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
// The shortest exact form: 90000 ms is "90s", 60000 ms is "1m", 1500 ms is "1500ms", zero is "0s".
std::string format_duration(std::chrono::milliseconds duration);

} // namespace base
