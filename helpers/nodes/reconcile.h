// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/nodes/reconcile.h: makes a running cluster take over the list, by one "ctdb reloadnodes" of the leader, and
// looks at every node whether it did. May be called on all nodes at once: where another node leads there is nothing to
// do.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"

#include <string>

namespace nodes {

struct ReconcileOptions {
    std::string file;
    base::Duration timeout = std::chrono::minutes{2}; // for everything
};

// Success is a sentence that says what was done or why nothing was.
base::Result<std::string> reconcile(const ReconcileOptions& options);

} // namespace nodes
