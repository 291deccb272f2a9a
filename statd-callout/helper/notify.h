// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/helper/notify.h: who has to be told that an address has moved, and that they are.
// In takeip, before the address is up, the records of its clients are marked in the store and the clients listed in a
// file of ours: who registers later is not among them. notify tells all at once, and removes the records of those who
// answered. Records of the others stay, marked, whatever happens to this node, and are tried again by the next notify
// or by retry.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"
#include "statd-callout/helper/settings.h"

#include <string>

namespace callout {

// timeout: how long to wait for others who change records.
base::Result<void> mark_clients(const Settings& settings, const std::string& server, base::Duration timeout);

struct Told {
    std::size_t reached = 0, unreached = 0;
};
// Marks the clients of addresses that were taken but not marked yet, forgets what rpc.statd would notify by itself, and
// notifies.
base::Result<Told> notify(const Settings& settings);
// Only those who could not be reached before.
base::Result<Told> retry(const Settings& settings);

} // namespace callout
