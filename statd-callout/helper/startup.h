// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/helper/startup.h: what the callout needs, made or made right.
#pragma once

#include "helpers/base/result.h"
#include "statd-callout/helper/settings.h"

namespace callout {

// Directories, the list of new addresses, the database and both copies of the callout's configuration. Files that
// another version's callout has left in its queue are taken over.
base::Result<void> start_up(const Settings& settings);

// Keeps a copy of the address cache where nobody empties it.
void keep_addresses(const Settings& settings);

// Before CTDB's own programs take over again: what waits is carried, or else left as files where they look for it.
base::Result<void> hand_back(const Settings& settings);

} // namespace callout
