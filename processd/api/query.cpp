// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/query.h"

#include "helpers/base/duration.h"
#include "helpers/base/wall_time.h"
#include "processd/api/problem.h"

#include <charconv>

namespace processd::api {
namespace {

constexpr base::Duration longest_wait = std::chrono::hours{1};
constexpr std::string_view duration_form = "a number and a unit, like 1500ms, 30s, 5m, 2h or 1d";

} // namespace

void Query::complain(std::string_view key, const std::string& right)
{
    if (problem_) return;
    const auto* value = request_.find(key);
    problem_ = bad_parameter(std::string(key), "query parameter \"" + std::string(key) + "\" must be " + right +
                                                   ", not \"" + (value ? value->substr(0, 100) : "") + "\"");
}

std::string Query::one_of(const std::vector<std::string_view>& words)
{
    std::string list;
    for (const auto word : words) list += (list.empty() ? "one of " : ", ") + std::string(word);
    return list;
}

std::optional<std::string> Query::text(std::string_view key)
{
    const auto* value = request_.find(key);
    if (value == nullptr) return std::nullopt;
    if (value->empty()) complain(key, "a name");
    return *value;
}

std::optional<base::Duration> Query::duration(std::string_view key)
{
    const auto* value = request_.find(key);
    if (value == nullptr) return std::nullopt;
    if (const auto parsed = base::parse_duration(*value)) return *parsed;
    complain(key, std::string(duration_form));
    return std::nullopt;
}

std::optional<base::Duration> Query::wait()
{
    const auto found = duration("wait");
    if (found && *found > longest_wait) complain("wait", "at most 1h");
    return found;
}

std::optional<output::Token> Query::token(std::string_view key)
{
    const auto* value = request_.find(key);
    if (value == nullptr) return std::nullopt;
    if (auto parsed = output::parse_token(*value)) return *parsed;
    complain(key, "a token EPOCH.SEQ from a line before");
    return std::nullopt;
}

std::optional<base::WallTime> Query::time(std::string_view key, base::WallTime now, const std::string& or_else)
{
    const auto* value = request_.find(key);
    if (value == nullptr) return std::nullopt;
    if (const auto at = base::parse_wall_time(*value)) return *at;
    if (const auto before = base::parse_duration(*value)) {
        const base::Duration since_epoch = now.time_since_epoch();
        return base::WallTime{*before < since_epoch ? since_epoch - *before : base::Duration{}};
    }
    complain(key, or_else +
                      "an RFC 3339 time in UTC, like 2026-01-31T12:00:00Z, or a duration, which means so long ago: " +
                      std::string(duration_form));
    return std::nullopt;
}

std::size_t Query::number(std::string_view key, std::size_t low, std::size_t high, std::size_t otherwise)
{
    const auto* value = request_.find(key);
    if (value == nullptr) return otherwise;
    std::size_t number = 0;
    const auto [rest, problem] = std::from_chars(value->data(), value->data() + value->size(), number);
    if (problem == std::errc{} && rest == value->data() + value->size() && number >= low && number <= high)
        return number;
    complain(key, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return otherwise;
}

bool Query::flag(std::string_view key)
{
    const auto* value = request_.find(key);
    if (value == nullptr) return false;
    if (*value != "0" && *value != "1") complain(key, "0 or 1");
    return *value == "1";
}

} // namespace processd::api
