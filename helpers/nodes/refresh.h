// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/nodes/refresh.h: a new list from a command, if it is good; else the last good one stays.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"
#include "helpers/nodes/list.h"

#include <string>
#include <vector>

namespace nodes {

struct RefreshOptions {
    std::string file;
    std::vector<std::string> command;
    base::Duration timeout = std::chrono::seconds{10}; // of one try
    unsigned tries = 3;
    base::Duration delay = std::chrono::seconds{1}; // before the second try; doubles
};

// What has changed. A command that fails or talks nonsense is tried again; a list that the last good one forbids is
// not.
base::Result<Successor> refresh(const RefreshOptions& options);

} // namespace nodes
