// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/start_failure.h: what is probably wrong with a command that could not be started, in words with the
// path in them. Nothing is looked at for that, as it may be on a file system that hangs.
#pragma once

#include "processd/model/outcome.h"
#include "processd/model/process_spec.h"

#include <string>

namespace processd::model {

// Empty where the outcome's own words say all there is.
std::string start_failure(const ProcessSpec& process, const Outcome& outcome);

} // namespace processd::model
