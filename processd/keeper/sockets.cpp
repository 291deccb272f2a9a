// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/sockets.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <limits>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace processd::keeper {
namespace {

constexpr std::size_t max_path = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t max_notification = 4096;

struct Address {
    sockaddr_un un{};
    socklen_t size = 0;

    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&un); }
};

Address address_of(std::string_view path)
{
    Address a;
    a.un.sun_family = AF_UNIX;
    std::memcpy(&a.un.sun_path[0], path.data(), path.size());
    a.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
    return a;
}

// The pid of whoever listens there: 0 for nobody, -1 for somebody who cannot be named.
pid_t listener_of(const std::string& path)
{
    const base::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const auto a = address_of(path);
    if (::connect(fd.get(), a.get(), a.size) < 0) return errno == EAGAIN ? -1 : 0;
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid > 0 ? peer.pid : -1;
}

} // namespace

base::Result<void> check_socket_path(const std::string& path)
{
    if (path.size() <= max_path) return {};
    return base::fail(base::Errc::limit, path + " has " + std::to_string(path.size()) +
                                             " bytes, and the path of a Unix socket may have at most " +
                                             std::to_string(max_path) + "; use a shorter --runtime-dir");
}

base::Result<base::UniqueFd> listen_at(const std::string& path)
{
    struct stat existing {};
    if (::lstat(path.c_str(), &existing) == 0) {
        if (!S_ISSOCK(existing.st_mode))
            return base::fail(base::Errc::already_exists, path + " exists and is not a socket; remove it");
        if (const auto pid = listener_of(path); pid != 0)
            return base::fail(
                base::Errc::already_exists,
                path + " is in use" +
                    (pid > 0 ? " by the process with pid " + std::to_string(pid) : " by another process"));
        ::unlink(path.c_str());
    }
    base::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const auto a = address_of(path);
    if (!fd || ::bind(fd.get(), a.get(), a.size) < 0) return base::fail(errno, "make the socket " + path);
    if (::chmod(path.c_str(), default_api_mode) < 0 || ::listen(fd.get(), SOMAXCONN) < 0)
        return base::fail(errno, "listen on " + path);
    return fd;
}

base::Result<base::UniqueFd> notify_socket_at(const std::string& path)
{
    base::UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const int on = 1;
    if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return base::fail(errno, "make a notify socket");
    ::unlink(path.c_str());
    const auto a = address_of(path);
    if (::bind(fd.get(), a.get(), a.size) < 0 || ::chmod(path.c_str(), 0666) < 0) {
        const int error = errno;
        ::unlink(path.c_str());
        return base::fail(error, "make the socket " + path);
    }
    return fd;
}

std::optional<Notification> read_notification(int fd)
{
    std::array<char, max_notification> text; // NOLINT: filled by recvmsg
    // Room for the credentials only: the kernel closes descriptors that do not fit.
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
    iovec part{text.data(), text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto n = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0) return std::nullopt;
    auto notification = parse_notification({text.data(), static_cast<std::size_t>(n)});
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS) continue;
        ucred sender{};
        std::memcpy(&sender, CMSG_DATA(c), sizeof sender);
        notification.pid = sender.pid;
        notification.uid = sender.uid;
    }
    return notification;
}

Notification parse_notification(std::string_view text)
{
    constexpr std::string_view extend = "EXTEND_TIMEOUT_USEC=", main_pid = "MAINPID=";
    const auto number = [](std::string_view digits) {
        std::uint64_t value = 0; // also for what is no number
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return value;
    };
    Notification found;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line == "READY=1") found.ready = true;
        if (line == "STOPPING=1") found.stopping = true;
        if (line == "WATCHDOG=1") found.watchdog = true;
        if (line == "WATCHDOG=trigger") found.trouble = true;
        if (line == "RELOADING=1") found.reloading = true;
        if (line.substr(0, extend.size()) == extend) found.extend_us = number(line.substr(extend.size()));
        if (line.substr(0, main_pid.size()) == main_pid) {
            const auto pid = number(line.substr(main_pid.size()));
            found.main_pid = pid <= std::numeric_limits<pid_t>::max() ? static_cast<pid_t>(pid) : 0;
        }
        if (line.substr(0, 7) == "STATUS=") found.status = std::string(line.substr(7));
    }
    return found;
}

void tell_parent(const std::string& address, std::string_view message)
{
    if (address.empty() || address.size() > max_path || (address[0] != '/' && address[0] != '@')) return;
    auto a = address_of(address);
    if (address[0] == '@') { // the abstract name space: a NUL byte instead of the @, and none at the end
        a.un.sun_path[0] = '\0';
        --a.size;
    }
    const base::UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    ::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT, a.get(), a.size);
}

} // namespace processd::keeper
