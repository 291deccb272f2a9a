// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/text.h: values as a person reads them on a terminal. Pure: the time of day, the width and whether there
// is colour are passed in. Text from outside goes through clean() before it meets a terminal.
#pragma once

#include "helpers/base/time.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace processd::ctl {

struct Style {
    bool colour = false;
    std::size_t width = 0; // columns; 0: not a terminal, nothing is cut
    base::WallTime now;
};

enum class Colour { plain, good, busy, bad, dim, bold };
std::string paint(const Style& style, Colour colour, std::string_view text);

// Bytes that can not break a terminal: control characters, invalid UTF-8 and characters that change the writing
// direction become \n, \t, \x1b, \u{202e} …; everything else stays.
std::string clean(std::string_view bytes);
// What the shell would need quoted is quoted: /bin/sh -c 'exit 3'. Cleaned.
std::string command_text(const std::vector<std::string>& command);
std::string counted(std::int64_t count, const std::string& what); // "1 line", "2 lines"
std::string joined(const std::vector<std::string>& words, std::string_view between = ", ");

std::size_t columns(std::string_view clean_text);                  // on a terminal
std::string fit(std::string_view clean_text, std::size_t at_most); // cut with "…"
std::string padded(std::string_view clean_text, std::size_t at_least, bool right = false);

// How long: "850us" "12ms" "2.3s" "5m 7s" "3h 12m" "4d 3h". At most three significant parts of a second.
std::string span_text(base::Duration duration);
// How long ago, in whole seconds and more: "now" "12s" "5m" "3h 12m" "4d 3h"; "-" for the epoch.
std::string age_text(base::WallTime time, base::WallTime now);
// How long until: "4s", "500ms", "now" when past.
std::string until_text(base::WallTime time, base::WallTime now);
// Local time: "12:03:04.123" on the day of now, "2026-11-22 12:03:04.123" on another; "-" for the epoch.
std::string clock_text(base::WallTime time, base::WallTime now, bool milliseconds = false);
std::string size_text(std::uint64_t bytes); // "512 B" "1.5 KiB" "3.2 MiB"

} // namespace processd::ctl
