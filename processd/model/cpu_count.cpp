// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/cpu_count.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::model {
namespace {

using base::Duration;
using std::chrono::microseconds;

constexpr Duration none{};

// A cgroup tells what was used since it was asked before; the first time that may have been by others.
Duration counted(const CpuCount& count, const CpuMeasured& measured)
{
    const bool known = measured.cgroup && count.of_cgroup != none;
    const auto since = known ? std::max(*measured.cgroup - count.of_cgroup, none) : none;
    return std::max(count.counted + since, measured.tree);
}

} // namespace

CpuCount next(CpuCount count, const CpuInput& input)
{
    if (count.run != input.run) {
        count.beyond += std::max(count.counted - input.former.value_or(count.counted), none);
        count.run = input.run;
        count.counted = count.of_cgroup = none;
    }
    if (input.measured) {
        count.counted = counted(count, *input.measured);
        count.of_cgroup = input.measured->cgroup.value_or(none);
    }
    count.shown = std::max(count.shown, input.recorded + count.beyond + count.counted);
    return count;
}

void to_json(nlohmann::json& j, const CpuCount& c)
{
    const auto us = [](Duration d) { return std::chrono::duration_cast<microseconds>(d).count(); };
    j = {{"run", c.run},
         {"counted_us", us(c.counted)},
         {"of_cgroup_us", us(c.of_cgroup)},
         {"beyond_us", us(c.beyond)},
         {"shown_us", us(c.shown)},
         {"created_us", us(c.created.time_since_epoch())}};
}

void from_json(const nlohmann::json& j, CpuCount& c)
{
    const auto us = [&](const char* key) { return Duration{microseconds{j.at(key).get<std::int64_t>()}}; };
    c.run = j.at("run");
    c.counted = us("counted_us");
    c.of_cgroup = us("of_cgroup_us");
    c.beyond = us("beyond_us");
    c.shown = us("shown_us");
    c.created = base::WallTime{us("created_us")};
}

} // namespace processd::model
