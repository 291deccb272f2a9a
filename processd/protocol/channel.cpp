// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/protocol/channel.h"

#include <array>
#include <sys/socket.h>
#include <sys/uio.h>

namespace processd::protocol {
namespace {

constexpr std::size_t max_fds = 4;
constexpr std::size_t max_parts = 4;

} // namespace

SendResult send_message(int fd, Type type, std::uint64_t seq, std::uint64_t read_seq,
                        std::initializer_list<std::string_view> parts, std::span<const int> fds) noexcept
{
    if (parts.size() > max_parts || fds.size() > max_fds) return SendResult::closed; // a bug of ours: no such message
    Header header{magic, version, static_cast<std::uint16_t>(type), sizeof(Header), 0, seq, read_seq};
    std::array<iovec, max_parts + 1> iov{};
    std::size_t count = 1;
    for (const auto part : parts) {
        iov[count++] = {const_cast<char*>(part.data()), part.size()};
        header.size += static_cast<std::uint32_t>(part.size());
    }
    iov[0] = {&header, sizeof header};

    msghdr message{};
    message.msg_iov = iov.data();
    message.msg_iovlen = count;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * max_fds)> control{};
    if (!fds.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
        cmsghdr* rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
        std::memcpy(CMSG_DATA(rights), fds.data(), sizeof(int) * fds.size());
    }
    while (true) {
        if (::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return SendResult::sent;
        if (errno == EINTR) continue;
        // ETOOMANYREFS: too many descriptors in flight. Like a full queue, it passes when the other side reads.
        if (errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS || errno == ENOMEM) return SendResult::again;
        return SendResult::closed;
    }
}

base::Result<std::optional<Received>> receive_message(int fd)
{
    Received received{};
    std::array<char, max_message> buffer; // NOLINT: filled by recvmsg
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * max_fds)> control{};
    std::array<iovec, 2> iov{{{&received.header, sizeof received.header}, {buffer.data(), buffer.size()}}};
    msghdr message{};
    message.msg_iov = iov.data();
    message.msg_iovlen = iov.size();
    message.msg_control = control.data();
    message.msg_controllen = control.size();

    // ECONNRESET comes once, before what is still queued, when the other side ended with mail of ours unread. What it
    // had sent by then counts all the same, so the next call is the one that tells.
    ssize_t n = 0;
    do n = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (n < 0 && (errno == EINTR || errno == ECONNRESET));
    if (n < 0 && errno == EAGAIN) return std::optional<Received>{};
    if (n < 0) return base::fail(errno, "receive a message");
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        for (std::size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
            int passed = -1;
            std::memcpy(&passed, CMSG_DATA(c) + at, sizeof passed);
            received.fds.emplace_back(passed);
        }
    }
    if (n == 0) return base::fail(base::Errc::unavailable, "the other side has closed the channel");
    const auto size = static_cast<std::size_t>(n);
    if (size < sizeof(Header) || received.header.magic != magic || (message.msg_flags & MSG_TRUNC) != 0)
        return base::fail(base::Errc::corrupt, "a packet of " + std::to_string(n) + " bytes is not a message");
    if (received.header.version != version)
        return base::fail(base::Errc::corrupt, "the other side speaks version " +
                                                   std::to_string(received.header.version) +
                                                   " of the protocol, this side " + std::to_string(version));
    if (received.header.size != size)
        return base::fail(base::Errc::corrupt, "a message says it has " + std::to_string(received.header.size) +
                                                   " bytes but has " + std::to_string(size));
    received.body.assign(buffer.data(), size - sizeof(Header));
    return std::optional<Received>{std::move(received)};
}

} // namespace processd::protocol
