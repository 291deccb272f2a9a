// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/habits.h: words that people bring along from other supervisors, and the keys here that they mean.
#pragma once

#include <string_view>
#include <vector>

namespace processd::config {

// The one of candidates that is meant by a key of systemd, supervisord, cron and others; empty if there is none. Case,
// and whether words are joined by "-" or "_" or not at all, does not count.
std::string_view meant_by_habit(std::string_view key, const std::vector<std::string_view>& candidates);

} // namespace processd::config
