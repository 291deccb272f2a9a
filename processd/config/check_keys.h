// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/check_keys.h: the tables [service.check.NAME].
#pragma once

#include "processd/config/service_keys.h"
#include "processd/model/check.h"

#include <vector>

namespace processd::config {

// jobs: those that checks run, for the check that they exist.
void read_checks(TableReader& service, std::vector<model::CheckSpec>& checks, std::vector<Reference>& jobs);

} // namespace processd::config
