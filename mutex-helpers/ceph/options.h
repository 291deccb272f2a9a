// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/ceph/options.h: the command line of ctdb_mutex_ceph_rados_helper, as CTDB's own has it.
#pragma once

#include "helpers/base/time.h"

#include <optional>
#include <string>
#include <vector>

namespace ceph {

struct Options {
    std::string cluster, user, pool, object;
    std::chrono::seconds duration{10}; // 0: the lock has no end and is not renewed
    std::string name_space;
    bool register_service = true;
    friend bool operator==(const Options&, const Options&) = default;
};

// CLUSTER USER POOL OBJECT [DURATION] [-n NAMESPACE] [-R], options anywhere; nullopt: usage.
std::optional<Options> parse_options(const std::vector<std::string>& arguments);

// How long a lock that was asked for or renewed now is surely ours.
base::Duration safe_part(std::chrono::seconds duration);

} // namespace ceph
