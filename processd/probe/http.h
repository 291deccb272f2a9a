// SPDX-License-Identifier: GPL-3.0-or-later
// processd/probe/http.h: one GET and the status of its answer. A probe needs the first line only.
#pragma once

#include "helpers/base/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace processd::probe {

std::string get_request(std::string_view host, std::string_view path);
// The status of an answer, 100 to 599, once its first line is there; Errc::corrupt when that is none of HTTP/1.
base::Result<std::optional<int>> status_of(std::string_view answer);

} // namespace processd::probe
