// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/queued-db/ptrans_text.h"

#include <algorithm>
#include <array>

namespace queued_db {
namespace {

bool plain(std::string_view text)
{
    if (text.starts_with("0x")) return false; // would be taken for hex
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f && c != '"'; });
}

void append_part(std::string& line, std::string_view text)
{
    line += '"';
    if (plain(text)) {
        line += text;
    } else {
        constexpr std::string_view digits = "0123456789abcdef";
        line += "0x";
        for (const char c : text) {
            line += digits[static_cast<unsigned char>(c) >> 4U];
            line += digits[static_cast<unsigned char>(c) & 15U];
        }
    }
    line += '"';
}

int digit_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

} // namespace

base::Result<std::string> ptrans_line(const Operation& operation)
{
    if (operation.key.empty()) return base::fail(base::Errc::bad_input, "a key must not be empty");
    if (operation.value && operation.value->empty())
        return base::fail(base::Errc::bad_input, "a value must not be empty, as that is how ctdb ptrans deletes");
    std::string line;
    append_part(line, operation.key);
    line += ' ';
    append_part(line, operation.value.value_or(""));
    line += '\n';
    if (line.size() > max_line)
        return base::fail(base::Errc::bad_input, "key and value make a line of " + std::to_string(line.size()) +
                                                     " bytes for ctdb ptrans, which takes " + std::to_string(max_line) +
                                                     "; bytes that are not printable count twice");
    return line;
}

base::Result<std::string> parse_part(std::string_view text)
{
    if (!text.starts_with("0x")) return std::string(text);
    text.remove_prefix(2);
    if (text.size() % 2 != 0) return base::fail(base::Errc::bad_input, "0x wants an even number of hex digits");
    std::string bytes;
    for (; !text.empty(); text.remove_prefix(2)) {
        const int high = digit_value(text[0]), low = digit_value(text[1]);
        if (high < 0 || low < 0) return base::fail(base::Errc::bad_input, "0x wants hex digits after it");
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes;
}

} // namespace queued_db
