// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/keeper_abilities.h: what the keeper has found that it may do, in words.
#pragma once

#include "processd/protocol/message.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace processd::supervisor {

nlohmann::json abilities_json(const protocol::Hello& hello); // name → whether it is there
// For processd-abilities: NAME=0 for what is there, NAME=ERRNO for what was refused. Of others the keeper knows
// nothing.
std::vector<std::string> ability_words(const protocol::Hello& hello);

} // namespace processd::supervisor
