// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/abilities/report.h: all abilities of the calling process as docs/openapi.yaml's Abilities.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace abilities {

// told: by name, the errno or 0 of what another process (the keeper) has found for itself and knows better than a
// probe.
nlohmann::json report(const std::string& by, const std::map<std::string, int>& told);

} // namespace abilities
