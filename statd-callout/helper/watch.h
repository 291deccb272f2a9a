// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/helper/watch.h: carries records soon after the callout leaves them. Sleeps in between, however long.
#pragma once

#include "statd-callout/helper/settings.h"

namespace callout {

// Returns only with an error.
base::Result<void> watch(const Settings& settings);

} // namespace callout
