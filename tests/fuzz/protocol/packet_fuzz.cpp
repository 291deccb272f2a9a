// SPDX-License-Identifier: GPL-3.0-or-later
// A packet of the channel between keeper and manager: it is refused, or its header and body are what was sent.
#include "processd/protocol/channel.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <sys/socket.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace processd::protocol;
    if (size == 0) return 0; // would read as the other side's end
    static const auto ends = [] {
        std::array<int, 2> pair{};
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) < 0) std::abort();
        return pair;
    }();
    if (::send(ends[1], data, size, MSG_DONTWAIT) < 0) return 0;
    const auto got = receive_message(ends[0]);
    if (!got) return 0;
    if (!*got || sizeof(Header) + (*got)->body.size() != size) std::abort();
    const std::string_view body = (*got)->body;
    if (body != std::string_view(reinterpret_cast<const char*>(data), size).substr(sizeof(Header))) std::abort();
    if (read_struct<Spawn>(body).has_value() != (body.size() >= sizeof(Spawn))) std::abort();
    (void)read_struct<ChildState>(body);
    return 0;
}
