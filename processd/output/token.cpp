// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/token.h"

#include <charconv>

namespace processd::output {

std::string format_token(const Token& token) { return std::to_string(token.epoch) + "." + std::to_string(token.seq); }

base::Result<Token> parse_token(std::string_view text)
{
    Token token;
    const auto* end = text.data() + text.size();
    const auto epoch = std::from_chars(text.data(), end, token.epoch);
    if (epoch.ec == std::errc{} && epoch.ptr != end && *epoch.ptr == '.') {
        const auto seq = std::from_chars(epoch.ptr + 1, end, token.seq);
        if (seq.ec == std::errc{} && seq.ptr == end) return token;
    }
    return base::fail(base::Errc::bad_input,
                      "\"" + std::string(text.substr(0, 64)) +
                          "\" is not a position in a stream: use the \"seq\" of an earlier line, "
                          "like 1766421789123456.1099511627777");
}

} // namespace processd::output
