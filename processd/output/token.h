// SPDX-License-Identifier: GPL-3.0-or-later
// processd/output/token.h: the resume tokens of streams, "EPOCH.SEQ". EPOCH names one keeper life (Hello::epoch). SEQ
// starts at incarnation * 2^40 in each manager, so it grows over manager restarts without being stored.
#pragma once

#include "helpers/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace processd::output {

struct Token {
    std::uint64_t epoch = 0;
    std::uint64_t seq = 0;
    friend bool operator==(const Token&, const Token&) = default;
};

inline constexpr unsigned incarnation_shift = 40;
inline std::uint64_t first_seq(std::uint32_t incarnation) noexcept
{
    return std::uint64_t{incarnation} << incarnation_shift;
}

std::string format_token(const Token& token);
base::Result<Token> parse_token(std::string_view text); // Errc::bad_input

} // namespace processd::output
