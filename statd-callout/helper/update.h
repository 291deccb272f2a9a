// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/helper/update.h: from the callout's files into the database. Only with the storage persistent_db is
// there anything to do.
#pragma once

#include "helpers/base/result.h"
#include "helpers/queued-db/queue.h"
#include "statd-callout/helper/decide.h"
#include "statd-callout/helper/settings.h"

#include <optional>
#include <string>

namespace callout {

struct Moving {
    std::optional<std::string> leaving;  // releaseip: still ours, though no longer in the cache
    std::optional<std::string> arriving; // takeip
};

base::Result<queued_db::Queue> open_queue(const Settings& settings);

// Takes the callout's files and carries what waits. if_due: not right after a failure.
base::Result<queued_db::Flushed> update(const Settings& settings, const Moving& moving = {}, bool if_due = false);

// The same with the queue's flushes held by the caller.
base::Result<queued_db::Flushed> update_held(const Settings& settings, queued_db::Queue& queue,
                                             const Moving& moving = {});

// The public addresses of this node: CTDB's cache, or while there is none what ctdbd says.
base::Result<std::vector<std::string>> hosted_addresses(const Settings& settings);

} // namespace callout
