// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/base/crash_point.h: named places at which tests kill the program with SIGKILL. The environment's
// CTDB_PROCESSD_CRASH_FILE names a file; the point whose name it holds removes the file and kills, so each wish comes
// true once although the next incarnation has the same environment. Only with the build option CRASH_POINTS, which only
// the source of this knows; else nothing happens.
#pragma once

#include <string_view>

namespace base {

// With a detail the point is called NAME:DETAIL.
void crash_point(std::string_view name, std::string_view detail = {}) noexcept;

} // namespace base
