// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/taking_up.h: the start of a keeper's program that was executed by another one in its place
// (keeper_upgrade.cpp), with all that one knew and held. If it cannot go on with that, the program before comes back,
// which lives on as a descriptor: until everything is taken up nothing has been closed.
#pragma once

#include "helpers/base/result.h"
#include "processd/keeper/options.h"

#include <string>

namespace processd::keeper {

// The keeper's exit code. manager: as find_manager() found it.
int take_up_and_run(Options options, const base::Result<std::string>& manager, const std::string& version);

} // namespace processd::keeper
