// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/run_request.h: the body of POST and PUT /v1/runs as a value (docs/openapi.yaml, RunRequest).
#pragma once

#include "processd/api/body.h"
#include "processd/supervisor/runs.h"

namespace processd::api {

inline constexpr std::size_t max_stdin_bytes = 1U << 20U;

// With the fingerprint of the body; id and asker are the caller's to fill in.
Parsed<supervisor::RunRequest> run_request_from(const Request& request);

} // namespace processd::api
