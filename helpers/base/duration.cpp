// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/duration.h"

#include <array>
#include <charconv>

namespace base {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t ms;
};
constexpr std::array<Unit, 5> units{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

} // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text)
{
    std::int64_t number = 0;
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit_name{rest, static_cast<std::size_t>(text.data() + text.size() - rest)};
    if (problem == std::errc{} && number >= 0)
        for (const auto& unit : units)
            if (unit.name == unit_name) {
                if (number > std::chrono::milliseconds::max().count() / 1'000'000 / unit.ms) break;
                return std::chrono::milliseconds{number * unit.ms};
            }
    return fail(Errc::bad_input, "\"" + std::string(text) +
                                     "\" is not a duration: write a number and a unit, like 1500ms, 30s, 5m or 2h");
}

std::string format_duration(std::chrono::milliseconds duration)
{
    const auto ms = duration.count();
    if (ms == 0) return "0s";
    for (const auto& unit : units)
        if (ms % unit.ms == 0) return std::to_string(ms / unit.ms) + std::string(unit.name);
    return std::to_string(ms) + "ms";
}

} // namespace base
