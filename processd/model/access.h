// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/access.h: who may do what over the API, as the configuration says it.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace processd::model {

enum class Access { none, read, operate, admin };

struct AccessRule { // first match in order of level counts: the highest level that any rule gives
    Access level = Access::none;
    std::set<std::string> users;  // names or numbers
    std::set<std::string> groups; // names or numbers
    friend bool operator==(const AccessRule&, const AccessRule&) = default;
};

struct AccessSpec {
    std::vector<AccessRule> rules;
    Access unmapped = Access::none; // of peers whom this user namespace does not know
    friend bool operator==(const AccessSpec&, const AccessSpec&) = default;
};

std::string_view name_of(Access access);

} // namespace processd::model
