// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/body.h: request bodies as JSON objects with known keys. What is wrong comes back as the reply to send.
#pragma once

#include "processd/api/reply.h"
#include "processd/model/json.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace processd::api {

template <class T> using Parsed = tl::expected<T, Reply>;

// A JSON object whose keys are all known.
Parsed<nlohmann::json> parse_body(const Request& request, const std::vector<std::string_view>& known,
                                  std::string_view what);
Reply unknown_key(const std::string& key, const std::vector<std::string_view>& known, std::string_view what);
// A stable number for a body: equal for equal JSON whatever its spacing and order of keys. Never 0.
std::uint64_t fingerprint(const nlohmann::json& body);

} // namespace processd::api
