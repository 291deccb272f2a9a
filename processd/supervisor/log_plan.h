// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/log_plan.h: which sinks a configuration means, and which lines go to which of them. Pure.
#pragma once

#include "processd/model/service_spec.h"

#include <array>
#include <map>
#include <string>
#include <vector>

namespace processd::supervisor {

struct PlannedSink {
    std::string key;     // what is the same sink after a reload: a file's path, a name and a receiver
    std::string service; // whose own it is; empty: processd.toml's
    model::SinkSpec spec;
    friend bool operator==(const PlannedSink&, const PlannedSink&) = default;
};

struct LogRoute {
    std::array<std::vector<std::size_t>, 2> sinks; // by stream, stdout first: indices
    std::uint64_t rate_lines = 0;                  // 0: no limit
    base::Duration rate_period = std::chrono::seconds{1};
    friend bool operator==(const LogRoute&, const LogRoute&) = default;
};

struct LogPlan {
    std::vector<PlannedSink> sinks;
    LogRoute usual;                           // of what has no route of its own, as ad-hoc runs
    std::map<std::string, LogRoute> services; // and jobs: those with a table "logs"
};

// Without any sink in processd.toml there is one of kind stderr.
LogPlan plan_logs(const model::Configuration& configuration);

} // namespace processd::supervisor
