// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/groups.h: "@nfs" where a service can be named means all services of that group.
#pragma once

#include "processd/ctl/session.h"

#include <string>
#include <vector>

namespace processd::ctl {

inline bool is_group(const std::string& name) { return name.starts_with('@'); }
// Each service once, in the order they are named. The daemon is asked where a group is among the names.
OrExit<std::vector<std::string>> services_of(Session& session, const std::vector<std::string>& names);

} // namespace processd::ctl
