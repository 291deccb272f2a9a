// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/helper/overdue.h: notifications that nobody is at: one that was killed, one that "ctdb moveip" never
// started as it runs no ipreallocated event, and clients that could not be reached before.
#pragma once

#include "statd-callout/helper/settings.h"

#include <ctime>
#include <optional>

namespace callout {

// taken_since: when addresses were last taken that nobody has notified for yet; unreached: there are clients left over;
// tried: when notify last began.
bool overdue(std::optional<std::time_t> taken_since, bool unreached, std::optional<std::time_t> tried, std::time_t now);

// Starts "statd_callout_helper notify" in the background if that is so. Called with each monitor event.
void notify_if_overdue(const Settings& settings);

} // namespace callout
