// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/sources.h: the texts of the configuration in force, kept in state.tdb, so that a manager that
// takes over is configured as the one before, whatever is on disk by then.
#pragma once

#include "helpers/base/result.h"
#include "processd/config/read_directory.h"

namespace processd::store {
class State;
struct Change;
} // namespace processd::store

namespace processd::supervisor {

store::Change sources_change(const std::vector<config::SourceSet>& sources);
// Errc::not_found: none. Any other error: there are some, but they cannot be read.
base::Result<std::vector<config::SourceSet>> stored_sources(const store::State& state);

} // namespace processd::supervisor
