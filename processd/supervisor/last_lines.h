// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/last_lines.h: what a run said last, as a status shows it. Pure.
#pragma once

#include "processd/model/run_record.h"

#include <nlohmann/json_fwd.hpp>
#include <vector>

namespace processd::supervisor {

// The last ten lines of a run's output, each cut to 1000 bytes.
std::vector<model::OutputPiece> last_lines(const std::vector<model::OutputPiece>& tail);
nlohmann::json lines_json(const std::vector<model::OutputPiece>& lines); // docs/openapi.yaml, OutputPiece

} // namespace processd::supervisor
