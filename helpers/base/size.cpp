// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/size.h"

#include <array>
#include <charconv>
#include <utility>

namespace base {
namespace {

constexpr std::array<std::pair<std::string_view, unsigned>, 5> units{
    {{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"B", 0}}};

} // namespace

std::optional<std::uint64_t> parse_size(std::string_view text)
{
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, number);
    if (problem != std::errc{}) return std::nullopt;
    const std::string_view unit{rest, static_cast<std::size_t>(end - rest)};
    for (const auto& [name, shift] : units)
        if (unit == name && number <= (std::uint64_t{INT64_MAX} >> shift)) return number << shift;
    return std::nullopt;
}

std::string format_size(std::uint64_t bytes, std::string_view between)
{
    for (const auto& [name, shift] : units)
        if (bytes != 0 && bytes % (std::uint64_t{1} << shift) == 0)
            return std::to_string(bytes >> shift).append(between).append(name);
    return std::string("0").append(between).append("B");
}

} // namespace base
