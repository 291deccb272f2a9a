// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/ability_view.h: docs/openapi.yaml's Abilities as text. Pure.
#pragma once

#include "processd/ctl/text.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace processd::ctl {

// Who was asked, a table of all, and below each that is missing or unknown what that means and what would mend it.
std::string ability_table(const nlohmann::json& abilities, const Style& style);
bool some_missing(const nlohmann::json& abilities); // not those that are unknown

} // namespace processd::ctl
