// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/base/crash_point.h: named places at which tests kill the program with SIGKILL (build option CRASH_POINTS).
// The environment's CTDB_PROCESSD_CRASH_FILE names a file; the point whose name it holds removes the file and kills, so
// each wish comes true once although the next incarnation has the same environment. Without the option this is nothing.
#pragma once

#include <string_view>

namespace base {

#ifdef CRASH_POINTS
void crash_point(std::string_view name) noexcept;
#else
inline void crash_point(std::string_view) noexcept {}
#endif

} // namespace base
