// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/shown_config.h: docs/openapi.yaml, Config: of what is in force and of what is on disk.
#pragma once

#include "processd/config/shown.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace processd::supervisor {

// As config/shown.h has it. loaded: null for what is on disk.
nlohmann::json shown_config(const std::string& directory, nlohmann::json loaded,
                            const std::vector<config::SourceSet>& sets, const config::Problems& problems);
nlohmann::json shown_name(const config::ShownName& name);
// What is on disk, as text, whatever a daemon has in force.
std::string shown_on_disk(const std::string& directory);

} // namespace processd::supervisor
