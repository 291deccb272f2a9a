// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/run_request.h"

#include "processd/api/problem.h"

#include <nlohmann/json.hpp>

namespace processd::api {
namespace {

using nlohmann::json;

constexpr std::int64_t longest_ms = 10LL * 365 * 86'400'000; // ten years, far from overflowing nanoseconds

// Keys of ours beside those of a process, which is why they are taken out before the rest is read as one.
const std::vector<std::string>& own_keys()
{
    static const std::vector<std::string> keys{"timeout_ms", "stop_timeout_ms", "stdin", "stdin_base64"};
    return keys;
}

const std::vector<std::string_view>& known_keys()
{
    static const auto texts = [] {
        std::vector<std::string> all = own_keys();
        const json process = model::ProcessSpec{};
        for (const auto& item : process.items()) all.push_back(item.key());
        return all;
    }();
    static const std::vector<std::string_view> views(texts.begin(), texts.end());
    return views;
}

Parsed<std::optional<base::Duration>> milliseconds(const json& body, const char* key, std::int64_t low)
{
    const auto found = body.find(key);
    if (found == body.end() || found->is_null()) return std::nullopt;
    const bool fits = found->is_number_integer() &&
                      !(found->is_number_unsigned() && found->get<std::uint64_t>() > std::uint64_t{INT64_MAX}) &&
                      found->get<std::int64_t>() >= low && found->get<std::int64_t>() <= longest_ms;
    if (fits) return std::chrono::milliseconds{found->get<std::int64_t>()};
    return tl::unexpected(bad_parameter(key, "\"" + std::string(key) + "\" must be a whole number of milliseconds, " +
                                                 std::to_string(low) + " or more"));
}

Parsed<std::optional<std::string>> input(const json& body)
{
    const auto text = body.find("stdin");
    const auto base64 = body.find("stdin_base64");
    const bool have_text = text != body.end() && !text->is_null();
    const bool have_base64 = base64 != body.end() && !base64->is_null();
    if (have_text && have_base64)
        return tl::unexpected(bad_parameter("stdin", R"(give "stdin" or "stdin_base64", not both)"));
    if (!have_text && !have_base64) return std::nullopt;
    const char* key = have_text ? "stdin" : "stdin_base64";
    if (!body[key].is_string())
        return tl::unexpected(bad_parameter(key, "\"" + std::string(key) + "\" must be a string"));
    std::string data = body[key].get<std::string>();
    if (have_base64) {
        auto decoded = model::from_base64(data);
        if (!decoded) return tl::unexpected(bad_parameter(key, "\"stdin_base64\" is " + decoded.error().message()));
        data = *std::move(decoded);
    }
    if (data.size() > max_stdin_bytes) return tl::unexpected(too_large("stdin", max_stdin_bytes));
    return data;
}

} // namespace

Parsed<supervisor::RunRequest> run_request_from(const Request& request)
{
    auto body = parse_body(request, known_keys(), "a run request");
    if (!body) return tl::unexpected(body.error());
    supervisor::RunRequest run;
    run.fingerprint = fingerprint(*body);
    auto timeout = milliseconds(*body, "timeout_ms", 1);
    if (!timeout) return tl::unexpected(timeout.error());
    run.timeout = *timeout;
    auto stop_timeout = milliseconds(*body, "stop_timeout_ms", 0);
    if (!stop_timeout) return tl::unexpected(stop_timeout.error());
    if (*stop_timeout) run.stop_timeout = **stop_timeout;
    auto data = input(*body);
    if (!data) return tl::unexpected(data.error());
    run.stdin_data = *std::move(data);
    for (const auto& key : own_keys()) body->erase(key);
    auto process = model::process_spec_from(*body);
    if (!process) return tl::unexpected(problem(process.error()));
    run.process = *std::move(process);
    return run;
}

} // namespace processd::api
