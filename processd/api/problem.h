// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/problem.h: failed requests as application/problem+json. The kinds and their statuses are the table in
// docs/openapi.yaml, and the mapping from our own error codes stands here and nowhere else.
#pragma once

#include "processd/api/reply.h"

#include <array>
#include <nlohmann/json_fwd.hpp>

namespace processd::api {

enum class Kind {
    bad_request,
    bad_json,
    unknown_key,
    forbidden,
    not_found,
    method_not_allowed,
    request_timeout,
    conflict,
    too_large,
    bad_config,
    upgrade_refused,
    limit,
    internal,
    unavailable,
    storage,
};

struct KindRow {
    Kind kind;
    std::string_view name; // as in "kind", and with blanks in "title"
    int status;
};
const std::array<KindRow, 15>& kinds();

// The kind that stands for an error: of our codes, and of an errno that a store handed up.
Kind kind_of(const std::error_code& code);

Reply problem(Kind kind, const std::string& detail);
Reply problem(Kind kind, const std::string& detail, const nlohmann::json& more); // more keys beside the standard ones
Reply problem(const base::Error& error);
Reply bad_parameter(const std::string& key, const std::string& detail);
Reply too_large(std::string_view what, std::uint64_t limit_bytes);

// 200 and such with a JSON body. Text from outside that is not UTF-8 is replaced, never refused.
Reply json_reply(int status, const nlohmann::json& body);
Reply text_reply(int status, std::string json); // that is written already
std::string dump(const nlohmann::json& value);

} // namespace processd::api
