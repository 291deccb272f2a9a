// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/line_view.h: lines of the daemon's streams (docs/openapi.yaml: LogLine, OutputPiece, Gap, WatchLine) as
// lines of text without their newline. Pure.
#pragma once

#include "processd/ctl/text.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace processd::ctl {

// "12:03:04.123 err cannot open …"
std::string output_line(const nlohmann::json& piece, const Style& style);
// "12:03:04.123 smbd: …"; an ad-hoc run's lines have its id instead. Gaps too.
std::string log_line(const nlohmann::json& line, const Style& style);
std::string gap_line(const nlohmann::json& gap, const Style& style);
// "12:03:04.123 service smbd backoff: …"; empty for what is not worth a line.
std::string watch_line(const nlohmann::json& line, const Style& style);
// "FILE:LINE:COLUMN: message", of a ConfigError, as `ctdb-processd --check` has it.
std::string config_error(const nlohmann::json& error);

} // namespace processd::ctl
