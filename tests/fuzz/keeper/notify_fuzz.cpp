// SPDX-License-Identifier: GPL-3.0-or-later
// What anybody may send to a service's notify socket, as a datagram: it is read as what its text says, with a sender.
#include "processd/keeper/sockets.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <sys/socket.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace processd::keeper;
    const auto said = parse_notification({reinterpret_cast<const char*>(data), size});
    if (said.status && said.status->find('\n') != std::string::npos) std::abort();

    static const auto ends = [] {
        std::array<int, 2> pair{};
        const int on = 1;
        if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair.data()) < 0 ||
            ::setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
            std::abort();
        return pair;
    }();
    if (::send(ends[1], data, size, MSG_DONTWAIT) < 0) return 0; // too long for a datagram
    const auto got = read_notification(ends[0]);
    if (!got || got->pid != ::getpid() || got->uid != ::getuid()) std::abort();
    // A long one is cut, so it may say less, but nothing else unless the cut makes it a line.
    if (size <= 2048 && (got->ready != said.ready || got->stopping != said.stopping || got->status != said.status))
        std::abort();
    return 0;
}
