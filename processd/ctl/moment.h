// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/moment.h: points in time as people write and read them, which is in local time, while the API has UTC.
// Pure but for the time zone (TZ).
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"

#include <string>
#include <string_view>

namespace processd::ctl {

// As the API takes it: a duration ("so long ago") and an RFC 3339 time as they are; "13:18", "13:18:05" (the last time
// it was that late), "2026-11-22", "2026-11-22 13:18" and "2026-11-22 13:18:05" as the RFC 3339 time that they are
// here.
base::Result<std::string> moment_for_api(const std::string& text, base::WallTime now);

// A sentence of the daemon's with its times (2026-11-22T16:43:09Z) as clock_text() has them.
std::string with_local_times(std::string_view sentence, base::WallTime now);

} // namespace processd::ctl
