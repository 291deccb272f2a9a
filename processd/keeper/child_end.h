// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/child_end.h: what a child's state says of what it used, once its leader is reaped.
#pragma once

#include "processd/keeper/child.h"

#include <sys/resource.h>

namespace processd::keeper {

void tell_usage(protocol::ChildState& state, const rusage& usage);
void tell_memory(Child& child); // whether its cgroup has seen the OOM killer

} // namespace processd::keeper
