// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/body.h"

#include "helpers/base/nearest.h"
#include "processd/api/problem.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::api {

using nlohmann::json;

Reply unknown_key(const std::string& key, const std::vector<std::string_view>& known, std::string_view what)
{
    const std::string shown = key.substr(0, 100);
    std::string detail = std::string(what) + " has no key \"" + shown + "\"";
    json more{{"key", shown}};
    if (const auto nearest = base::nearest(key, known); !nearest.empty()) {
        detail += "; did you mean \"" + std::string(nearest) + "\"?";
        more["nearest"] = nearest;
    } else {
        std::string list;
        for (const auto name : known) list += (list.empty() ? "" : ", ") + std::string(name);
        detail += list.empty() ? "; it takes none" : "; it knows " + list;
    }
    return problem(Kind::unknown_key, detail, more);
}

Parsed<json> parse_body(const Request& request, const std::vector<std::string_view>& known, std::string_view what)
{
    if (request.body.empty())
        return tl::unexpected(problem(Kind::bad_json, std::string(what) + " must be a JSON object; the body is empty"));
    auto body = model::parse_json(request.body);
    if (!body) return tl::unexpected(problem(Kind::bad_json, body.error().message()));
    if (!body->is_object())
        return tl::unexpected(problem(Kind::bad_request, std::string(what) + " must be a JSON object"));
    for (const auto& item : body->items())
        if (std::find(known.begin(), known.end(), item.key()) == known.end())
            return tl::unexpected(unknown_key(item.key(), known, what));
    return *std::move(body);
}

// FNV-1a over the dump, whose keys are sorted.
std::uint64_t fingerprint(const json& body)
{
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : dump(body)) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash == 0 ? 1 : hash;
}

} // namespace processd::api
