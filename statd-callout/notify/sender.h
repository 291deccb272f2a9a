// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/notify/sender.h: SM_NOTIFY to any number of clients of any number of our addresses at once.
// One socket per server address, bound to it and to a reserved port, as clients match the sender's address. An address
// that can not be bound yet (IPv6: duplicate address detection) is tried again until the deadline. Clients do not wait
// for each other.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace callout {

struct Target {
    std::string server, client; // addresses as text; a client that is a name is looked up
    std::int32_t state = 1;
    std::vector<std::string> names; // under which the client may know the server; not empty
};

struct Outcome {
    bool reached = false;
    std::string why; // not reached: what was waited for last
    base::Duration after{0};
};

// Called once per target, as soon as its outcome is known; the index is that of the target.
using OnOutcome = std::function<void(std::size_t target, const Outcome& outcome)>;

// Returns when all targets have an outcome: at the deadline the latest.
void notify_all(const std::vector<Target>& targets, base::Duration deadline, const OnOutcome& on_outcome);

} // namespace callout
