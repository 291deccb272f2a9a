// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/client/problem.h: what a Reply means: its JSON, or the daemon's problem+json as an Error whose context is the
// daemon's own sentence.
#pragma once

#include "helpers/client/connection.h"

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace client {

// The body of a 2xx reply. A problem keeps its detail and becomes an Errc by its kind (docs/openapi.yaml, table of
// kinds); a 2xx body that is not JSON is Errc::corrupt.
base::Result<nlohmann::json> value_of(const Reply& reply);
// The Error of a reply that is not 2xx.
base::Error problem_of(const Reply& reply);
// JSON text from the daemon, such as a line of a stream; Errc::corrupt when it is malformed or nested beyond reason.
base::Result<nlohmann::json> parse(std::string_view text);

} // namespace client
