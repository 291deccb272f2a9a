// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/process_keys.h: the keys that say how a process is started, as a ProcessSpec.
#pragma once

#include "processd/config/table_reader.h"
#include "processd/model/process_spec.h"

namespace processd::config {

void read_process(TableReader& keys, model::ProcessSpec& process);

} // namespace processd::config
