// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/problem.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::api {
namespace {

using base::Errc;
using nlohmann::json;

const KindRow& row(Kind kind) { return kinds()[static_cast<std::size_t>(kind)]; }

} // namespace

const std::array<KindRow, 15>& kinds()
{
    static constexpr std::array<KindRow, 15> table{{
        {Kind::bad_request, "bad_request", 400},
        {Kind::bad_json, "bad_json", 400},
        {Kind::unknown_key, "unknown_key", 400},
        {Kind::forbidden, "forbidden", 403},
        {Kind::not_found, "not_found", 404},
        {Kind::method_not_allowed, "method_not_allowed", 405},
        {Kind::request_timeout, "request_timeout", 408},
        {Kind::conflict, "conflict", 409},
        {Kind::too_large, "too_large", 413},
        {Kind::bad_config, "bad_config", 422},
        {Kind::upgrade_refused, "upgrade_refused", 409},
        {Kind::limit, "limit", 429},
        {Kind::internal, "internal", 500},
        {Kind::unavailable, "unavailable", 503},
        {Kind::storage, "storage", 507},
    }};
    return table;
}

Kind kind_of(const std::error_code& code)
{
    if (code.category() != base::errc_category()) {
        switch (code.value()) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
        case EROFS:
        case EIO: return Kind::storage;
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case EAGAIN: return Kind::unavailable;
        default: return Kind::internal;
        }
    }
    switch (static_cast<Errc>(code.value())) {
    case Errc::bad_input: return Kind::bad_request;
    case Errc::not_found: return Kind::not_found;
    case Errc::already_exists:
    case Errc::conflict: return Kind::conflict;
    case Errc::not_permitted: return Kind::forbidden;
    case Errc::limit: return Kind::limit;
    case Errc::unavailable:
    case Errc::timed_out: return Kind::unavailable;
    case Errc::corrupt: return Kind::internal;
    }
    return Kind::internal;
}

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

Reply json_reply(int status, const json& body) { return text_reply(status, dump(body)); }

Reply text_reply(int status, std::string text) { return {status, "application/json", std::move(text), {}}; }

Reply problem(Kind kind, const std::string& detail, const json& more)
{
    json body = more;
    std::string title(row(kind).name);
    std::replace(title.begin(), title.end(), '_', ' ');
    body["type"] = "urn:ctdb-processd:" + std::string(row(kind).name);
    body["title"] = std::move(title);
    body["status"] = row(kind).status;
    body["kind"] = row(kind).name;
    body["detail"] = detail;
    return {row(kind).status, "application/problem+json", dump(body), {}};
}

Reply problem(Kind kind, const std::string& detail) { return problem(kind, detail, json::object()); }
Reply problem(const base::Error& error) { return problem(kind_of(error.code), error.message()); }

Reply bad_parameter(const std::string& key, const std::string& detail)
{
    return problem(Kind::bad_request, detail, {{"key", key}});
}

Reply too_large(std::string_view what, std::uint64_t limit_bytes)
{
    return problem(Kind::too_large,
                   std::string(what) + " is larger than the " + std::to_string(limit_bytes) + " bytes that are allowed",
                   {{"limit", limit_bytes}});
}

} // namespace processd::api
