// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/base/time.h: the two clocks, never mixed. Time is CLOCK_MONOTONIC (deadlines, durations); WallTime is
// CLOCK_REALTIME and appears in records and replies only. Both count int64 nanoseconds.
#pragma once

#include <chrono>
#include <cstdint>

namespace base {

using Duration = std::chrono::nanoseconds;
using Time = std::chrono::time_point<std::chrono::steady_clock, Duration>;     // CLOCK_MONOTONIC
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>; // CLOCK_REALTIME

inline Time now() noexcept { return std::chrono::steady_clock::now(); }
inline WallTime wall_now() noexcept { return std::chrono::system_clock::now(); }
inline std::int64_t to_ns(Time t) noexcept { return t.time_since_epoch().count(); }
inline std::int64_t to_ns(WallTime t) noexcept { return t.time_since_epoch().count(); }
inline Time time_from_ns(std::int64_t ns) noexcept { return Time{Duration{ns}}; }
inline WallTime wall_from_ns(std::int64_t ns) noexcept { return WallTime{Duration{ns}}; }

} // namespace base
