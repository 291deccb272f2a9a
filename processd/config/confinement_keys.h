// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/confinement_keys.h: the keys that say what a process may do, see and use: capabilities, mounts of its
// own, the limits of its cgroup.
#pragma once

#include "processd/config/table_reader.h"
#include "processd/model/process_spec.h"

namespace processd::config {

void read_confinement(TableReader& keys, model::ProcessSpec& process);

} // namespace processd::config
