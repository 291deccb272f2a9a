// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/client/problem.h"

#include <array>
#include <nlohmann/json.hpp>

namespace client {
namespace {

using base::Errc;
using nlohmann::json;

struct Kind {
    std::string_view name;
    int status;
    Errc code;
};
constexpr std::array<Kind, 14> kinds{{
    {"bad_request", 400, Errc::bad_input},
    {"bad_json", 400, Errc::bad_input},
    {"unknown_key", 400, Errc::bad_input},
    {"forbidden", 403, Errc::not_permitted},
    {"not_found", 404, Errc::not_found},
    {"method_not_allowed", 405, Errc::bad_input},
    {"request_timeout", 408, Errc::timed_out},
    {"conflict", 409, Errc::conflict},
    {"too_large", 413, Errc::limit},
    {"bad_config", 422, Errc::bad_input},
    {"limit", 429, Errc::limit},
    {"internal", 500, Errc::corrupt},
    {"unavailable", 503, Errc::unavailable},
    {"storage", 507, Errc::unavailable},
}};

Errc code_of(std::string_view kind, int status)
{
    for (const auto& known : kinds)
        if (kind == known.name) return known.code;
    for (const auto& known : kinds)
        if (status == known.status) return known.code;
    return status < 500 ? Errc::bad_input : Errc::unavailable;
}

} // namespace

base::Result<json> parse(std::string_view text)
{
    // The destructor of deeply nested JSON recurses, so depth is bounded while parsing.
    const auto shallow = [](int depth, json::parse_event_t, json&) {
        if (depth > 100) throw json::other_error::create(501, "nested too deeply", nullptr);
        return true;
    };
    try {
        return json::parse(text, shallow);
    } catch (const json::exception& e) {
        return base::fail(Errc::corrupt, std::string("the daemon's reply is not JSON: ") + e.what());
    }
}

base::Error problem_of(const Reply& reply)
{
    std::string kind, detail;
    if (const auto problem = parse(reply.body); problem && problem->is_object()) {
        const auto text = [&](const char* key) {
            const auto found = problem->find(key);
            return found != problem->end() && found->is_string() ? found->get<std::string>() : std::string();
        };
        kind = text("kind");
        detail = text("detail");
        if (detail.empty()) detail = text("title");
    }
    if (detail.empty()) detail = "the daemon answered with status " + std::to_string(reply.status) + " and no reason";
    return {make_error_code(code_of(kind, reply.status)), detail};
}

base::Result<json> value_of(const Reply& reply)
{
    if (!reply.ok()) return tl::unexpected(problem_of(reply));
    return parse(reply.body);
}

} // namespace client
