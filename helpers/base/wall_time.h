// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/base/wall_time.h: RFC 3339 text of a WallTime, UTC with microseconds: 2026-11-22T16:43:09.123456Z.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"

#include <string>
#include <string_view>

namespace base {

std::string format_wall_time(WallTime time);
// Accepts any RFC 3339 time, with 0 to 9 digits of a second, in UTC ("Z") or with an offset ("+01:00"); anything else
// is Errc::bad_input.
Result<WallTime> parse_wall_time(std::string_view text);

} // namespace base
