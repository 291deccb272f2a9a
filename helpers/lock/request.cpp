// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/lock/request.h"

#include <charconv>
#include <climits>
#include <optional>

namespace lock {
namespace {

std::optional<int> number(std::string_view text, int base = 10)
{
    int value = 0;
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (problem != std::errc{} || rest != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

std::optional<int> flags_of(std::string_view text)
{
    if (text.starts_with("0x") || text.starts_with("0X")) return number(text.substr(2), 16);
    return number(text);
}

int nibble(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

Refusal refuse(std::string_view what, std::string_view given)
{
    return {"Invalid " + std::string(what) + " '" + std::string(given) + "'"};
}

} // namespace

bool decode_hex(std::string_view text, std::string& bytes)
{
    bytes.clear();
    if (text.size() % 2 != 0) return false;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = nibble(text[i]), low = nibble(text[i + 1]);
        if (high < 0 || low < 0) return false;
        bytes += static_cast<char>(high * 16 + low);
    }
    return true;
}

std::string encode_hex(std::string_view bytes)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

std::variant<Request, Refusal> parse_request(const std::vector<std::string_view>& arguments)
{
    if (arguments.size() < 4) return Refusal{};
    Request request;
    // The original counts its own name.
    const Refusal count{"Invalid number of arguments (" + std::to_string(arguments.size() + 1) + ")"};
    if (arguments[2] == "RECORD") {
        if (arguments.size() != 6) return count;
        request.kind = Kind::record;
        if (arguments[5] != "NULL" && !decode_hex(arguments[5], request.key)) return refuse("key", arguments[5]);
    } else if (arguments[2] == "DB") {
        if (arguments.size() != 5) return count;
        request.kind = Kind::database;
    } else {
        return refuse("lock-type", arguments[2]);
    }
    const auto ctdbd = number(arguments[0]), fd = number(arguments[1]), flags = flags_of(arguments[4]);
    // 0 would be everybody in our process group.
    if (!ctdbd || *ctdbd == 0) return refuse("ctdbd-pid", arguments[0]);
    if (!fd) return refuse("output-fd", arguments[1]);
    if (!flags) return refuse("db-flags", arguments[4]);
    request.ctdbd = *ctdbd;
    request.result_fd = *fd;
    request.path = arguments[3];
    request.tdb_flags = *flags;
    return request;
}

std::string usage_text(std::string_view program)
{
    const std::string name(program);
    return "\nUsage: " + name + " <ctdbd-pid> <output-fd> RECORD <db-path> <db-flags> <db-key>\n       " + name +
           " <ctdbd-pid> <output-fd> DB <db-path> <db-flags>\n";
}

} // namespace lock
