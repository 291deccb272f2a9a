// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/wall_time.h"

#include <array>
#include <cstdio>
#include <optional>

namespace base {

std::string format_wall_time(WallTime time)
{
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{floor<microseconds>(time - day)};
    std::array<char, 64> text{};
    const int n =
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", int(date.year()),
                      unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                      int(clock.minutes().count()), int(clock.seconds().count()), int(clock.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(n)};
}

namespace {

// "Z" or "±hh:mm" at the end of text, which is taken off.
std::optional<std::chrono::minutes> take_offset(std::string_view& text)
{
    if (text.ends_with('Z')) {
        text.remove_suffix(1);
        return std::chrono::minutes{0};
    }
    constexpr std::size_t size = 6;
    if (text.size() < size) return std::nullopt;
    const auto offset = text.substr(text.size() - size);
    const auto digit = [&](std::size_t at) { return offset[at] >= '0' && offset[at] <= '9'; };
    if ((offset[0] != '+' && offset[0] != '-') || offset[3] != ':' || !digit(1) || !digit(2) || !digit(4) || !digit(5))
        return std::nullopt;
    const int hours = (offset[1] - '0') * 10 + offset[2] - '0', minutes = (offset[4] - '0') * 10 + offset[5] - '0';
    if (hours > 23 || minutes > 59) return std::nullopt;
    text.remove_suffix(size);
    return std::chrono::minutes{(offset[0] == '-' ? -1 : 1) * (hours * 60 + minutes)};
}

} // namespace

Result<WallTime> parse_wall_time(std::string_view text)
{
    const auto bad = [all = std::string(text)] {
        return fail(Errc::bad_input, "\"" + all + "\" is not a time like 2026-11-22T16:43:09.123456Z");
    };
    const auto offset = take_offset(text);
    if (!offset) return bad();
    static constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
    if (text.size() < shape.size()) return bad();
    std::array<int, 6> part{};
    std::size_t field = 0;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] != 'd') {
            if (text[i] != shape[i]) return bad();
            ++field;
        } else {
            if (text[i] < '0' || text[i] > '9') return bad();
            part[field] = part[field] * 10 + (text[i] - '0');
        }
    }
    std::int64_t ns = 0;
    auto fraction = text.substr(shape.size());
    if (!fraction.empty()) {
        if (fraction.front() != '.' || fraction.size() < 2 || fraction.size() > 10) return bad();
        fraction.remove_prefix(1);
        std::int64_t unit = 100'000'000;
        for (const char c : fraction) {
            if (c < '0' || c > '9') return bad();
            ns += (c - '0') * unit;
            unit /= 10;
        }
    }
    using namespace std::chrono;
    const year_month_day date{year{part[0]}, month{unsigned(part[1])}, day{unsigned(part[2])}};
    if (!date.ok() || part[3] > 23 || part[4] > 59 || part[5] > 60) return bad();
    if (part[0] < 1678 || part[0] > 2261) return bad(); // nanoseconds in 64 bits reach no further
    return WallTime{sys_days{date}} + hours{part[3]} + minutes{part[4]} + seconds{part[5]} + nanoseconds{ns} - *offset;
}

} // namespace base
