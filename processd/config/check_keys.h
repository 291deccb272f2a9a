// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/check_keys.h: the tables [service.check.NAME].
#pragma once

#include "processd/config/table_reader.h"
#include "processd/model/check.h"

#include <vector>

namespace processd::config {

void read_checks(TableReader& service, std::vector<model::CheckSpec>& checks);

} // namespace processd::config
