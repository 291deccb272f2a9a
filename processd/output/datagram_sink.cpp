// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/line_format.h"
#include "processd/output/sink.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace processd::output {
namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

base::Result<Address> unix_address(const std::string& path)
{
    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    if (path.size() >= sizeof un.sun_path) return base::fail(ENAMETOOLONG, "use the socket " + path);
    std::memcpy(un.sun_path, path.data(), path.size());
    Address address;
    std::memcpy(&address.storage, &un, sizeof un);
    address.size = sizeof un;
    return address;
}

base::Result<Address> udp_address(const std::string& text)
{
    const auto colon = text.rfind(':');
    const auto host = text.substr(0, colon);
    const auto port = colon == std::string::npos ? 0 : std::strtoul(text.c_str() + colon + 1, nullptr, 10);
    Address address;
    sockaddr_in four{};
    sockaddr_in6 six{};
    if (port > 0 && port < 65'536 && ::inet_pton(AF_INET, host.c_str(), &four.sin_addr) == 1) {
        four.sin_family = AF_INET;
        four.sin_port = htons(static_cast<std::uint16_t>(port));
        std::memcpy(&address.storage, &four, sizeof four);
        address.size = sizeof four;
        return address;
    }
    if (port > 0 && port < 65'536 && host.size() > 2 && host.front() == '[' && host.back() == ']' &&
        ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &six.sin6_addr) == 1) {
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(static_cast<std::uint16_t>(port));
        std::memcpy(&address.storage, &six, sizeof six);
        address.size = sizeof six;
        return address;
    }
    return base::fail(base::Errc::bad_input, "\"" + text + "\" is not an address like 127.0.0.1:514");
}

class DatagramSink final : public Sink {
public:
    DatagramSink(std::string path, std::string address) : path_(std::move(path)), address_(std::move(address)) {}

    base::Result<std::size_t> write(std::string_view messages, int stop) override
    {
        if (!fd_)
            if (auto connected = connect(); !connected) return tl::unexpected(connected.error());
        const auto message = next_message(messages);
        while (true) {
            // Errors of UDP belong to an earlier datagram and are asked for right after it, see below.
            if (::send(fd_.get(), message.data.data(), message.data.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
                const int refused = path_.empty() ? pending_error() : 0;
                if (refused == 0) return message.taken;
                return failed(refused);
            }
            const int reason = errno;
            if (reason == EINTR) continue;
            if (reason == EMSGSIZE && !path_.empty()) {
                if (auto sent = send_file(message.data); !sent) return failed(sent.error().code.value());
                return message.taken;
            }
            if (reason != EAGAIN && reason != ENOBUFS) return failed(reason);
            std::array<pollfd, 2> ready{{{fd_.get(), POLLOUT, 0}, {stop, POLLIN, 0}}};
            if (::poll(ready.data(), ready.size(), reason == ENOBUFS ? 100 : -1) < 0 && errno != EINTR)
                return failed(errno);
            if (ready[1].revents != 0) return base::fail(ECANCELED, "send to " + name());
        }
    }

    void reopen() override { fd_.reset(); }
    [[nodiscard]] std::string name() const override { return path_.empty() ? address_ : path_; }

private:
    base::Result<void> connect()
    {
        const auto to = path_.empty() ? udp_address(address_) : unix_address(path_);
        if (!to) return tl::unexpected(to.error());
        base::UniqueFd fd{::socket(to->get()->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        if (!fd) return base::fail(errno, "make a socket for " + name());
        // Connected, so that waiting for room means the receiver's, and so that the kernel tells when nobody listens.
        if (::connect(fd.get(), to->get(), to->size) < 0) return base::fail(errno, "send to " + name());
        fd_ = std::move(fd);
        return {};
    }

    // Within a host the answer that nobody listens is there when send() returns.
    [[nodiscard]] int pending_error() const
    {
        int error = 0;
        socklen_t size = sizeof error;
        return ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : 0;
    }

    base::Result<std::size_t> failed(int reason)
    {
        fd_.reset(); // a daemon that was restarted has another socket
        return base::fail(reason, "send to " + name());
    }

    // What is larger than the socket's buffer goes as a sealed memory file, as journald has it.
    base::Result<void> send_file(std::string_view data)
    {
        base::UniqueFd file{::memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
        if (!file) return base::fail(errno, "make a memory file");
        if (::write(file.get(), data.data(), data.size()) != static_cast<ssize_t>(data.size()))
            return base::fail(errno, "write a memory file");
        if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
            return base::fail(errno, "seal a memory file");
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        msghdr head{};
        head.msg_control = control.data();
        head.msg_controllen = control.size();
        auto* const rights = CMSG_FIRSTHDR(&head);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        const int fd = file.get();
        std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
        if (::sendmsg(fd_.get(), &head, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) return base::fail(errno, "send to " + name());
        return {};
    }

    const std::string path_, address_;
    base::UniqueFd fd_;
};

} // namespace

std::unique_ptr<Sink> make_datagram_sink(std::string path, std::string address)
{
    return std::make_unique<DatagramSink>(std::move(path), std::move(address));
}

} // namespace processd::output
