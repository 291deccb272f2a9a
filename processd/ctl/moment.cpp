// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/moment.h"

#include "helpers/base/duration.h"
#include "helpers/base/wall_time.h"
#include "processd/ctl/text.h"

#include <ctime>
#include <optional>

namespace processd::ctl {
namespace {

constexpr std::size_t stamp_size = std::string_view("2026-11-22T16:43:09Z").size();

// Local time as these formats of strptime(3) have it; nothing unless it is all of text.
std::optional<std::tm> broken_down(const std::string& text, std::initializer_list<const char*> formats, std::tm from)
{
    for (const char* format : formats) {
        std::tm found = from;
        const char* rest = ::strptime(text.c_str(), format, &found);
        if (rest != nullptr && *rest == '\0') return found;
    }
    return std::nullopt;
}

base::WallTime wall_time(std::tm local)
{
    local.tm_isdst = -1; // as it was then
    return base::WallTime{} + std::chrono::seconds{::mktime(&local)};
}

} // namespace

base::Result<std::string> moment_for_api(const std::string& text, base::WallTime now)
{
    if (base::parse_wall_time(text) || base::parse_duration(text)) return text;
    const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    std::tm today{};
    ::localtime_r(&seconds, &today);
    today.tm_hour = today.tm_min = today.tm_sec = 0;
    if (const auto clock = broken_down(text, {"%H:%M", "%H:%M:%S"}, today)) {
        auto at = wall_time(*clock);
        if (at > now) {
            auto yesterday = *clock;
            --yesterday.tm_mday;
            at = wall_time(yesterday);
        }
        return base::format_wall_time(at);
    }
    const auto date = broken_down(
        text, {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"}, {});
    if (date) return base::format_wall_time(wall_time(*date));
    return base::fail(base::Errc::bad_input,
                      "\"" + text +
                          "\" is neither a duration, like 24h, nor a time, like 13:18, \"2026-11-22 13:18:05\" or "
                          "2026-11-22T13:18:05Z");
}

std::string with_local_times(std::string_view sentence, base::WallTime now)
{
    std::string text;
    for (std::size_t at = 0; at < sentence.size();) {
        const auto time = base::parse_wall_time(sentence.substr(at, stamp_size));
        text += time ? clock_text(*time, now) : std::string(1, sentence[at]);
        at += time ? stamp_size : 1;
    }
    return text;
}

} // namespace processd::ctl
