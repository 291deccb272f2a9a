// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/wall_time.h"

#include <array>
#include <cstdio>

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

Result<WallTime> parse_wall_time(std::string_view text)
{
    const auto bad = [&] {
        return fail(Errc::bad_input,
                    "\"" + std::string(text) + "\" is not a UTC time like 2026-11-22T16:43:09.123456Z");
    };
    static constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
    if (text.size() < shape.size() + 1 || text.back() != 'Z') return bad();
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
    auto fraction = text.substr(shape.size(), text.size() - shape.size() - 1);
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
    return WallTime{sys_days{date}} + hours{part[3]} + minutes{part[4]} + seconds{part[5]} + nanoseconds{ns};
}

} // namespace base
