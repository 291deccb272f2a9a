// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/job_view.h: jobs and hooks (docs/openapi.yaml, Job) as text. Pure.
#pragma once

#include "processd/ctl/text.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace processd::ctl {

// jobs is the array of Job objects.
std::string job_table(const nlohmann::json& jobs, const Style& style);
std::string job_page(const nlohmann::json& job, const Style& style);

} // namespace processd::ctl
