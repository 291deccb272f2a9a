// SPDX-License-Identifier: GPL-3.0-or-later
// processd/output/line_time.h: the times of lines as text. Date and time of day are made once a second and thread: that
// part costs more than all the rest of a line.
#pragma once

#include "helpers/base/time.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace processd::output {

// What `make` made of the second, six digits of its fraction, and `behind`.
template <class Make> void append_time(std::string& to, base::WallTime time, std::string_view behind, const Make& make)
{
    thread_local std::int64_t made_for = INT64_MIN;
    thread_local std::string made;
    const auto us = std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch()).count();
    const auto second = us >= 0 ? us / 1'000'000 : (us + 1) / 1'000'000 - 1;
    if (second != made_for) {
        made = make(second);
        made_for = second;
    }
    std::array<char, 6> digits{};
    auto fraction = us - second * 1'000'000;
    for (std::size_t i = 6; i-- > 0; fraction /= 10) digits[i] = static_cast<char>('0' + fraction % 10);
    to.append(made).append(digits.data(), digits.size()).append(behind);
}

void append_utc(std::string& to, base::WallTime time); // as base::format_wall_time

} // namespace processd::output
