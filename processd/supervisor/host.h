// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/host.h: what the host offers beside abilities, as GET /v1/system shows it.
#pragma once

#include "processd/protocol/message.h"

#include <nlohmann/json_fwd.hpp>

namespace processd::supervisor {

nlohmann::json controllers_of(const protocol::Hello& hello); // of cgroups: a list of names

} // namespace processd::supervisor
