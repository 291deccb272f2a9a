// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/helpers/client/unix_server.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>

namespace test {
namespace {

std::string new_directory()
{
    std::string name = (std::filesystem::temp_directory_path() / "processctl-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    return name;
}

} // namespace

void UnixServer::Peer::send(std::string_view bytes) const
{
    while (!bytes.empty()) {
        const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

void UnixServer::Peer::wait_for_close() const
{
    pollfd wait{fd_, POLLRDHUP, 0};
    ::poll(&wait, 1, -1);
}

void UnixServer::Peer::reply(int status, std::string_view text, std::string_view type) const
{
    send("HTTP/1.1 " + std::to_string(status) + " Words\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + std::string(text));
}

void UnixServer::Peer::begin_stream() const
{
    send("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void UnixServer::Peer::line(std::string_view json) const
{
    std::array<char, 32> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", json.size() + 1);
    send(size.data() + std::string(json) + "\n\r\n");
}

void UnixServer::Peer::end_stream() const { send("0\r\n\r\n"); }

UnixServer::UnixServer(Handler handler)
    : handler_(std::move(handler)),
      directory_(new_directory()),
      path_(directory_ + "/api.socket"),
      listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
        ::listen(listener_.get(), 8) < 0)
        throw std::runtime_error("cannot listen on " + path_);
    acceptor_ = std::thread([this] { accept_all(); });
}

UnixServer::~UnixServer()
{
    ending_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (const auto& peer : peers_) ::shutdown(peer.get(), SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
    std::filesystem::remove_all(directory_);
}

void UnixServer::stop_listening() { ::shutdown(listener_.get(), SHUT_RDWR); }

std::vector<std::string> UnixServer::requests() const
{
    const std::lock_guard lock(mutex_);
    return requests_;
}

void UnixServer::accept_all()
{
    for (;;) {
        const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        const std::lock_guard lock(mutex_);
        peers_.emplace_back(fd);
        ++connections_;
        threads_.emplace_back([this, fd] { serve(fd); });
    }
}

void UnixServer::serve(int fd)
{
    std::string got;
    std::array<char, 4096> buffer{};
    const auto more = [&] {
        const auto n = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (n > 0) got.append(buffer.data(), static_cast<std::size_t>(n));
        return n > 0;
    };
    while (!ending_) {
        auto end = got.find("\r\n\r\n");
        if (end == std::string::npos) {
            if (!more()) break;
            continue;
        }
        Peer peer;
        peer.fd_ = fd;
        peer.head = got.substr(0, end);
        got.erase(0, end + 4);
        const auto space = peer.head.find(' ');
        peer.method = peer.head.substr(0, space);
        peer.target = peer.head.substr(space + 1, peer.head.find(' ', space + 1) - space - 1);
        if (const auto at = peer.head.find("Content-Length: "); at != std::string::npos) {
            const auto size = std::stoul(peer.head.substr(at + 16));
            while (got.size() < size && more()) {}
            peer.body = got.substr(0, size);
            got.erase(0, size);
        }
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(peer.method + ' ' + peer.target);
        }
        if (handler_(peer) == Then::close) break;
    }
    ::shutdown(fd, SHUT_RDWR); // the fd itself is closed with the server
}

} // namespace test
