// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/cpu_count.h: the processor time of a service as one number that only grows, out of what can be
// measured of its processes now and what the records of former ones say. Neither is enough: a record counts the main
// process and whom it has waited for, and not children that nobody waited for; and of processes that have ended nothing
// can be measured, but by a cgroup.
#pragma once

#include "helpers/base/time.h"

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace processd::model {

struct CpuMeasured {
    base::Duration tree{};                // of the processes that there are, and of whom they waited for
    std::optional<base::Duration> cgroup; // of all that ever were in this cgroup, which may have had other tenants
};

struct CpuCount {               // on record before it is told
    std::string run;            // the main process that was measured last
    base::Duration counted{};   // of it
    base::Duration of_cgroup{}; // what its cgroup said then
    base::Duration beyond{};    // of former ones, what was counted beyond what their records say
    base::Duration shown{};     // the total
    base::WallTime created{};
    friend bool operator==(const CpuCount&, const CpuCount&) = default;
};

struct CpuInput {
    std::string run;                       // the main process that lives; empty: none
    std::optional<CpuMeasured> measured{}; // of it
    base::Duration recorded{};             // of all runs on record
    // What the record of count.run says, if that is not the run that lives any more; none: there is no record.
    std::optional<base::Duration> former{};
};
CpuCount next(CpuCount count, const CpuInput& input);

// As stored. from_json throws nlohmann's exceptions.
void to_json(nlohmann::json& j, const CpuCount& count);
void from_json(const nlohmann::json& j, CpuCount& count);

} // namespace processd::model
