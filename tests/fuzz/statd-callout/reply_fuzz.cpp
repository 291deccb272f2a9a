// SPDX-License-Identifier: GPL-3.0-or-later
// What the network may send while a client is being notified: the first byte chooses the question, datagrams follow,
// each with its length before it.
#include "statd-callout/notify/course.h"
#include "statd-callout/notify/rpc.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) return 0;
    auto course = callout::begin((data[0] & 1U) != 0, 1 + data[0] % 3U, base::Time{});
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    while (!rest.empty() && !course.reached()) {
        const auto length = std::min<std::size_t>(rest.size() - 1, static_cast<unsigned char>(rest.front()));
        callout::on_sent(course, base::Time{});
        callout::on_reply(course, rest.substr(1, length), base::Time{});
        rest.remove_prefix(1 + length);
        if (course.told > course.names) std::abort();
        if (course.question == callout::Question::notify && course.port == 0) std::abort();
    }
    return 0;
}
