// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/text.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <ctime>

namespace processd::ctl {
namespace {

using std::chrono::duration_cast;

struct Character {
    char32_t code = 0;
    std::size_t size = 0; // bytes; 0: not UTF-8
};

Character first_character(std::string_view text)
{
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) return {lead, 1};
    const std::size_t size = lead >= 0xc2 && lead <= 0xdf   ? 2U
                             : lead >= 0xe0 && lead <= 0xef ? 3U
                             : lead >= 0xf0 && lead <= 0xf4 ? 4U
                                                            : 0U;
    if (size == 0 || text.size() < size) return {};
    char32_t code = lead & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xc0U) != 0x80U) return {};
        code = code << 6U | (next & 0x3fU);
    }
    const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
    if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
    return {code, size};
}

struct Range {
    char32_t from, to;
};

template <std::size_t N> bool within(const std::array<Range, N>& ranges, char32_t code)
{
    for (const auto& range : ranges)
        if (code >= range.from && code <= range.to) return true;
    return false;
}

// C1 controls, line and paragraph separators, direction marks and overrides, and the tag and byte-order characters:
// terminals and readers are misled by them.
constexpr std::array<Range, 7> misleading{{{0x80, 0x9f},
                                           {0x200b, 0x200f},
                                           {0x2028, 0x202e},
                                           {0x2060, 0x206f},
                                           {0xfeff, 0xfeff},
                                           {0xfff9, 0xfffb},
                                           {0xe0000, 0xe007f}}};
constexpr std::array<Range, 6> combining{
    {{0x300, 0x36f}, {0x483, 0x489}, {0x591, 0x5bd}, {0x1ab0, 0x1aff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}}};
constexpr std::array<Range, 9> wide{{{0x1100, 0x115f},
                                     {0x2e80, 0x303e},
                                     {0x3041, 0xa4cf},
                                     {0xac00, 0xd7a3},
                                     {0xf900, 0xfaff},
                                     {0xfe30, 0xfe6f},
                                     {0xff00, 0xff60},
                                     {0x1f300, 0x1faff},
                                     {0x20000, 0x3fffd}}};

std::size_t columns_of(char32_t code) { return within(combining, code) ? 0U : within(wide, code) ? 2U : 1U; }

[[gnu::format(printf, 1, 2)]] std::string print(const char* format, ...)
{
    std::array<char, 96> text{};
    va_list arguments;
    va_start(arguments, format);
    const int n = std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);
    return {text.data(), std::min(static_cast<std::size_t>(std::max(n, 0)), text.size() - 1)};
}

std::string escape(char c)
{
    if (c == '\n') return "\\n";
    if (c == '\t') return "\\t";
    if (c == '\r') return "\\r";
    return print("\\x%02x", unsigned(static_cast<unsigned char>(c)));
}

std::string two(std::int64_t big, const char* big_unit, std::int64_t small, const char* small_unit)
{
    auto text = std::to_string(big) + big_unit;
    return small == 0 ? text : text + ' ' + std::to_string(small) + small_unit;
}

std::string long_span(std::int64_t seconds)
{
    if (seconds < 60) return std::to_string(seconds) + "s";
    if (seconds < 3600) return two(seconds / 60, "m", seconds % 60, "s");
    if (seconds < 86'400) return two(seconds / 3600, "h", seconds % 3600 / 60, "m");
    return two(seconds / 86'400, "d", seconds % 86'400 / 3600, "h");
}

} // namespace

std::string paint(const Style& style, Colour colour, std::string_view text)
{
    static constexpr std::array<std::string_view, 6> codes{"", "32", "33", "1;31", "2", "1"};
    if (!style.colour || colour == Colour::plain || text.empty()) return std::string(text);
    return "\x1b[" + std::string(codes[static_cast<std::size_t>(colour)]) + "m" + std::string(text) + "\x1b[0m";
}

std::string clean(std::string_view bytes)
{
    std::string result;
    result.reserve(bytes.size());
    while (!bytes.empty()) {
        const auto character = first_character(bytes);
        const auto size = character.size == 0 ? 1 : character.size;
        if (character.size == 0 || character.code < 0x20 || character.code == 0x7f)
            result += escape(bytes.front());
        else if (character.code >= 0x80 && within(misleading, character.code))
            result += print("\\u{%x}", unsigned(character.code));
        else
            result += bytes.substr(0, size);
        bytes.remove_prefix(size);
    }
    return result;
}

std::string command_text(const std::vector<std::string>& command)
{
    static constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:@/%+=,";
    std::string result;
    for (const auto& word : command) {
        if (!result.empty()) result += ' ';
        if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
            result += word;
            continue;
        }
        result += '\'';
        for (const char c : word) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
        result += '\'';
    }
    return clean(result);
}

std::string joined(const std::vector<std::string>& words, std::string_view between)
{
    std::string result;
    for (const auto& word : words) {
        if (!result.empty()) result += between;
        result += word;
    }
    return result;
}

std::size_t columns(std::string_view clean_text)
{
    std::size_t result = 0;
    while (!clean_text.empty()) {
        const auto character = first_character(clean_text);
        result += character.size == 0 ? 1 : columns_of(character.code);
        clean_text.remove_prefix(character.size == 0 ? 1 : character.size);
    }
    return result;
}

std::string fit(std::string_view clean_text, std::size_t at_most)
{
    if (at_most == 0 || columns(clean_text) <= at_most) return std::string(clean_text);
    std::size_t used = 0, bytes = 0;
    while (bytes < clean_text.size()) {
        const auto character = first_character(clean_text.substr(bytes));
        const auto more = character.size == 0 ? 1 : columns_of(character.code);
        if (used + more > at_most - 1) break;
        used += more;
        bytes += character.size == 0 ? 1 : character.size;
    }
    return std::string(clean_text.substr(0, bytes)) + "…";
}

std::string padded(std::string_view clean_text, std::size_t at_least, bool right)
{
    const auto used = columns(clean_text);
    const std::string blanks(used < at_least ? at_least - used : 0, ' ');
    return right ? blanks + std::string(clean_text) : std::string(clean_text) + blanks;
}

std::string counted(std::int64_t count, const std::string& what)
{
    return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

std::string span_text(base::Duration duration)
{
    const auto us = duration_cast<std::chrono::microseconds>(duration).count();
    if (us < 0) return "0s";
    if (us < 1000) return us == 0 ? "0s" : std::to_string(us) + "us";
    if (us < 10'000) return print("%.1fms", double(us) / 1000);
    if (us < 1'000'000) return std::to_string(us / 1000) + "ms";
    if (us < 60'000'000) return print("%.*fs", us < 10'000'000 ? 2 : 1, double(us / 10'000) / 100);
    return long_span(us / 1'000'000);
}

std::string age_text(base::WallTime time, base::WallTime now)
{
    if (time == base::WallTime{}) return "-";
    const auto seconds = duration_cast<std::chrono::seconds>(now - time).count();
    if (seconds < 1) return "<1s";
    if (seconds >= 60 && seconds < 3600) return std::to_string(seconds / 60) + "m";
    return long_span(seconds);
}

std::string until_text(base::WallTime time, base::WallTime now)
{
    if (time <= now) return "now";
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(time - now).count();
    return ms < 1000 ? std::to_string(ms) + "ms" : long_span((ms + 999) / 1000);
}

std::string clock_text(base::WallTime time, base::WallTime now, bool milliseconds)
{
    if (time == base::WallTime{}) return "-";
    const auto seconds = [](base::WallTime t) {
        return static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count());
    };
    const std::time_t then_s = seconds(time), now_s = seconds(now);
    std::tm then{}, today{};
    if (::localtime_r(&then_s, &then) == nullptr || ::localtime_r(&now_s, &today) == nullptr) return "-";
    std::string result;
    if (then.tm_year != today.tm_year || then.tm_yday != today.tm_yday)
        result = print("%04d-%02d-%02d ", then.tm_year + 1900, then.tm_mon + 1, then.tm_mday);
    result += print("%02d:%02d:%02d", then.tm_hour, then.tm_min, then.tm_sec);
    if (milliseconds) {
        const auto ns = base::to_ns(time) - std::int64_t{then_s} * 1'000'000'000;
        result += print(".%03d", int(ns / 1'000'000));
    }
    return result;
}

std::string size_text(std::uint64_t bytes)
{
    static constexpr std::array<const char*, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
    if (bytes < 1024) return std::to_string(bytes) + " B";
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    return print("%.1f %s", value, units[unit]);
}

} // namespace processd::ctl
