// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/config_json.h: what a reload tells: docs/openapi.yaml, Reload, Plan and ConfigError.
#pragma once

#include "processd/config/changes.h"
#include "processd/config/problem.h"
#include "processd/config/source_changes.h"

#include <nlohmann/json_fwd.hpp>

namespace processd::supervisor {

nlohmann::json changes_json(const config::Changes& changes);
nlohmann::json files_json(const std::vector<config::FileChange>& files);
nlohmann::json transient_json(const std::optional<model::Transient>& transient); // docs/openapi.yaml, Transient
nlohmann::json errors_json(const config::Problems& problems);

} // namespace processd::supervisor
