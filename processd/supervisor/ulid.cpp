// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/ulid.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <sys/random.h>

namespace processd::supervisor {
namespace {

constexpr std::string_view crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct Last {
    std::uint64_t ms = 0;
    std::uint64_t high = 0; // 16 bits
    std::uint64_t low = 0;
};

void put(std::string& text, std::uint64_t value, int digits)
{
    for (int i = digits - 1; i >= 0; --i) text += crockford[(value >> (5U * static_cast<unsigned>(i))) & 31U];
}

} // namespace

std::string make_ulid(base::WallTime now)
{
    static Last last;
    const auto ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
    if (ms > last.ms) {
        std::array<std::uint64_t, 2> random{};
        // The pool is up long before a daemon starts; 16 bytes never come short.
        if (::getrandom(random.data(), sizeof random, 0) != static_cast<ssize_t>(sizeof random)) random = {ms, ~ms};
        last = {ms, random[0] & 0x7fffU, random[1]};
    } else if (++last.low == 0) { // the clock stands or went back: count on
        ++last.high;
    }
    std::string text;
    text.reserve(26);
    put(text, last.ms, 10);
    // 80 bits as 16 digits: the upper 40, then the lower 40.
    put(text, (last.high << 24U) | (last.low >> 40U), 8);
    put(text, last.low & ((std::uint64_t{1} << 40U) - 1U), 8);
    return text;
}

bool is_id(std::string_view text) noexcept
{
    if (text.empty() || text.size() > 128) return false;
    const auto letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    if (!letter(text.front())) return false;
    for (const char c : text)
        if (!letter(c) && c != '.' && c != '_' && c != ':' && c != '-') return false;
    return true;
}

} // namespace processd::supervisor
