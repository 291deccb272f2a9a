// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/service_groups.h"

#include "helpers/base/nearest.h"
#include "processd/model/json.h"

#include <nlohmann/json.hpp>
#include <set>

namespace processd::supervisor {

void to_json(nlohmann::json& j, const ServiceGroup& group)
{
    j = {{"name", group.name},
         {"members", group.members},
         {"ready", group.ready},
         {"failed", group.failed},
         {"stopped", group.stopped}};
}

std::vector<ServiceGroup> groups_of(const ServiceMap& services)
{
    std::map<std::string, ServiceGroup> found;
    for (const auto& [name, entry] : services) {
        if (entry.removed) continue;
        const auto state = model::service::name_of(entry.machine);
        for (const auto& group_name : std::set<std::string>(entry.spec.groups.begin(), entry.spec.groups.end())) {
            auto& group = found[group_name];
            group.name = group_name;
            group.members.push_back(name);
            if (state == "ready") ++group.ready;
            if (state == "failed") ++group.failed;
            if (state == "stopped") ++group.stopped;
        }
    }
    std::vector<ServiceGroup> groups;
    for (auto& entry : found) groups.push_back(std::move(entry.second));
    return groups;
}

base::Result<std::vector<std::string>> members_of(const ServiceMap& services, std::string_view group)
{
    const auto groups = groups_of(services);
    std::vector<std::string_view> names;
    std::string list;
    for (const auto& one : groups) {
        if (one.name == group) return one.members;
        names.push_back(one.name);
        list += (list.empty() ? "" : ", ") + one.name;
    }
    std::string message = "there is no group \"" + std::string(group) + "\"";
    if (const auto best = base::nearest(group, names); !best.empty())
        message += "; did you mean \"" + std::string(best) + "\"?";
    message += list.empty() ? "; no service is in one" : " (there are: " + list + ")";
    return base::fail(base::Errc::not_found, message);
}

} // namespace processd::supervisor
