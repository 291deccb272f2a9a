// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/run_view.h: records of runs (docs/openapi.yaml, Run) as text and as an exit code. Pure.
#pragma once

#include "processd/ctl/text.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace processd::ctl {

// Why it ended, as a person says it, or its state while it has not ended: "timed out, then killed by SIGKILL".
std::string outcome_text(const nlohmann::json& run);
// runs is the array of Run objects.
std::string run_table(const nlohmann::json& runs, const Style& style);
// Everything about one run, with at most `lines` lines of its kept output.
std::string run_page(const nlohmann::json& run, std::size_t lines, const Style& style);
// What `processctl run` ends with for a run that has ended; exit_code.h.
int exit_code_of(const nlohmann::json& run);
// 15 for "SIGTERM", 37 for "SIGRTMIN+3", 99 for "signal 99"; 0 for what is none.
int signal_number(std::string_view name);

} // namespace processd::ctl
