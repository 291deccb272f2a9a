// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/service_groups.h: services that are meant together, as "@nfs". A group is nothing but what its
// members say (service_groups in the configuration): one that nobody belongs to does not exist. A service that was
// removed from the configuration belongs to none. Pure.
#pragma once

#include "helpers/base/result.h"
#include "processd/supervisor/service_entry.h"

#include <string>
#include <string_view>
#include <vector>

namespace processd::supervisor {

struct ServiceGroup {
    std::string name;
    std::vector<std::string> members; // by name
    std::size_t ready = 0, failed = 0, stopped = 0;
    friend bool operator==(const ServiceGroup&, const ServiceGroup&) = default;
};
void to_json(nlohmann::json& j, const ServiceGroup& group); // docs/openapi.yaml, Group

std::vector<ServiceGroup> groups_of(const ServiceMap& services); // by name
// Errc::not_found names the nearest group and all there are.
base::Result<std::vector<std::string>> members_of(const ServiceMap& services, std::string_view group);

} // namespace processd::supervisor
