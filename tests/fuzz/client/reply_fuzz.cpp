// SPDX-License-Identifier: GPL-3.0-or-later
// What the daemon's socket may say: a whole reply, in pieces whose size the first byte gives, then its JSON.
#include "helpers/client/problem.h"
#include "helpers/client/reply_parser.h"

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) return 0;
    const std::size_t piece = data[0] + 1U;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    client::ReplyParser parser;
    client::Reply reply;
    for (std::size_t at = 0; at < bytes.size() && !parser.done();) {
        const auto given = bytes.substr(at, piece);
        const auto taken = parser.feed(given, reply.body);
        if (!taken) return 0;
        if (*taken > given.size() || (*taken < given.size() && !parser.done())) std::abort();
        at += *taken;
    }
    if (!parser.closed()) return 0;
    if (!parser.done() || reply.body.size() > bytes.size()) std::abort();
    reply.status = parser.status();
    if (const auto value = client::value_of(reply); !value && value.error().message().empty()) std::abort();
    return 0;
}
