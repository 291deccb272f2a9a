// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/lock/stampede.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace lock {
namespace {

struct Address {
    sockaddr_un name{};
    socklen_t size = 0;

    explicit Address(const std::string& text)
    {
        name.sun_family = AF_UNIX; // and a zero byte first: abstract
        std::memcpy(&name.sun_path[1], text.data(), std::min(text.size(), sizeof(name.sun_path) - 1));
        size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
    }
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

base::UniqueFd make_socket()
{
    return base::UniqueFd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
}

// Anybody may take or use an abstract name: only those of our user count.
bool is_ours(int socket)
{
    ucred peer{};
    socklen_t size = sizeof(peer);
    return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

} // namespace

Course begun(base::Time since, base::Duration threshold, base::Time now)
{
    return {since, 1, 1, std::max(now, since + threshold)};
}

Course joined(Course course, std::optional<base::Time> since)
{
    if (since) {
        course.since = std::min(course.since, *since);
        return course;
    }
    ++course.helpers;
    course.peak = std::max(course.peak, course.helpers);
    return course;
}

Course left(Course course)
{
    if (course.helpers > 0) --course.helpers;
    return course;
}

Course spoken(Course course, base::Time now)
{
    course.speak_at = now + std::max<base::Duration>(now - course.since, std::chrono::seconds{1});
    return course;
}

Meeting::Meeting(std::uint64_t device, std::uint64_t inode)
    : name_("ctdb_lock_helper/" + std::to_string(device) + ":" + std::to_string(inode))
{
}

base::Duration Meeting::retry_after()
{
    return std::chrono::milliseconds{100 + ::getpid() % 200}; // not all at the same time
}

Meeting::Role Meeting::join(base::Time since)
{
    const Address address(name_);
    auto socket = make_socket();
    if (!socket) return role_ = Role::alone;
    if (::bind(socket.get(), address.get(), address.size) == 0) {
        if (::listen(socket.get(), 4096) != 0) return role_ = Role::alone;
        socket_ = std::move(socket);
        return role_ = Role::leader;
    }
    if (errno != EADDRINUSE) return role_ = Role::alone;
    // Refused or full: it does not listen yet, is about to go, or has to accept others first.
    if (::connect(socket.get(), address.get(), address.size) != 0) return role_ = Role::none;
    if (!is_ours(socket.get())) return role_ = Role::alone;
    const auto ns = base::to_ns(since);
    if (::send(socket.get(), &ns, sizeof(ns), MSG_NOSIGNAL) != sizeof(ns)) return role_ = Role::none;
    socket_ = std::move(socket);
    return role_ = Role::follower;
}

void Meeting::add_to(std::vector<pollfd>& fds) const
{
    if (role_ != Role::leader && role_ != Role::follower) return;
    fds.push_back({full_ ? -1 : socket_.get(), POLLIN, 0});
    for (const auto& peer : peers_) fds.push_back({peer.fd.get(), POLLIN, 0});
}

void Meeting::handle(const std::vector<pollfd>& fds, Course& course)
{
    bool newcomers = false;
    for (const auto& ready : fds) {
        if (ready.revents == 0 || ready.fd < 0) continue;
        if (ready.fd == socket_.get()) {
            newcomers = true;
            continue;
        }
        const auto peer =
            std::find_if(peers_.begin(), peers_.end(), [&](const auto& p) { return p.fd.get() == ready.fd; });
        if (peer == peers_.end()) continue;
        std::int64_t ns = 0;
        const auto got = ::recv(ready.fd, &ns, sizeof(ns), MSG_DONTWAIT);
        if (got == sizeof(ns) && !peer->told) {
            peer->told = true;
            course = joined(course, base::time_from_ns(ns));
        } else if (got >= 0 || (errno != EAGAIN && errno != EINTR)) { // its end, or it speaks out of turn
            peers_.erase(peer);
            course = left(course);
            full_ = false;
        }
    }
    if (!newcomers) return;
    if (role_ == Role::leader) return accept_all(course);
    socket_.reset(); // a leader says nothing: it went
    role_ = Role::none;
}

void Meeting::accept_all(Course& course)
{
    while (true) {
        base::UniqueFd peer{::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (!peer) {
            full_ = errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS;
            return;
        }
        if (!is_ours(peer.get())) continue;
        peers_.push_back({std::move(peer), false});
        course = joined(course, std::nullopt);
    }
}

} // namespace lock
