// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/client/connection.h"

#include <array>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

namespace client {
namespace {

using base::Errc;
using base::fail;

timeval as_timeval(base::Duration duration)
{
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    return {us / 1'000'000, us % 1'000'000};
}

tl::unexpected<base::Error> connect_failure(int problem, const std::string& path)
{
    const std::string what = "cannot connect to " + path;
    switch (problem) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
        if (struct stat st{}; ::stat(path.c_str(), &st) == 0 && !S_ISSOCK(st.st_mode))
            return fail(Errc::bad_input,
                        what + ": it is no socket; ctdb-processd's is api.socket in its runtime directory");
        return fail(problem, what + " (is ctdb-processd running?)");
    case EAGAIN: return fail(Errc::timed_out, what + ": the daemon takes no more connections");
    default: return fail(problem, what);
    }
}

// Milliseconds for poll(), rounded up so that a deadline is not polled for in a busy loop; -1 for none.
int poll_timeout(std::optional<base::Time> deadline)
{
    if (!deadline) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - base::now()).count();
    return left <= 0 ? 0 : static_cast<int>(std::min<std::int64_t>(left, 3'600'000));
}

} // namespace

std::string encoded(std::string_view text)
{
    static constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:@";
    static constexpr std::string_view hex = "0123456789ABCDEF";
    std::string result;
    for (const char c : text) {
        if (plain.find(c) != std::string_view::npos) {
            result += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        result += {'%', hex[byte >> 4U], hex[byte & 15U]};
    }
    return result;
}

void Connection::close() noexcept
{
    fd_.reset();
    parser_ = ReplyParser{};
    unread_.clear();
    handed_ = 0;
}

base::Result<void> Connection::connect()
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto& path = settings_.socket_path;
    if (path.empty()) return fail(Errc::bad_input, "the path of the daemon's socket is empty");
    if (path.size() >= sizeof address.sun_path)
        return fail(Errc::bad_input, "the socket path " + path + " is too long: at most " +
                                         std::to_string(sizeof address.sun_path - 1) + " bytes are possible");
    std::memcpy(address.sun_path, path.data(), path.size());
    base::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!fd) return fail(errno, "cannot make a socket");
    // On a Unix socket this bounds connect() too, which otherwise waits for ever while the daemon's backlog is full.
    const timeval timeout = as_timeval(settings_.connect_timeout);
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) < 0)
        return fail(errno, "cannot set a socket's time-out");
    int result = 0;
    do result = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    while (result < 0 && errno == EINTR);
    if (result < 0) return connect_failure(errno, path);
    close();
    fd_ = std::move(fd);
    return {};
}

base::Result<void> Connection::send(const Request& request)
{
    std::string text =
        request.method + ' ' + request.target + " HTTP/1.1\r\nHost: localhost\r\nAccept: " + request.accept;
    if (!request.body.empty()) text += "\r\nContent-Type: application/json";
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT")
        text += "\r\nContent-Length: " + std::to_string(request.body.size());
    text += "\r\n\r\n" + request.body;
    std::string_view left = text;
    while (!left.empty()) {
        const auto n = ::send(fd_.get(), left.data(), left.size(), MSG_NOSIGNAL);
        if (n >= 0) {
            left.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return {}; // it may have answered before it closed (too large, forbidden): reading tells
        } else if (errno == EAGAIN) {
            return fail(Errc::timed_out, "the daemon does not take the request");
        } else if (errno != EINTR) {
            return fail(errno, "cannot send the request");
        }
    }
    return {};
}

base::Result<void> Connection::read_some(std::optional<base::Time> deadline, bool& woken)
{
    std::array<pollfd, 2> wait{{{fd_.get(), POLLIN, 0}, {settings_.wake_fd, POLLIN, 0}}};
    const int ready = ::poll(wait.data(), wait.size(), poll_timeout(deadline));
    if (ready < 0 && errno != EINTR) return fail(errno, "cannot wait for the daemon's reply");
    if (ready == 0) return fail(Errc::timed_out, "the daemon does not answer");
    if (wait[0].revents == 0) {
        woken = ready > 0;
        return {};
    }
    std::array<char, 64 * 1024> buffer; // NOLINT: filled by recv
    const auto n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    // A reset is how a Unix socket tells that the other side closed with bytes of ours unread.
    if (n < 0 && errno != ECONNRESET) return fail(errno, "cannot read the daemon's reply");
    if (n <= 0) return parser_.closed();
    auto taken = parser_.feed({buffer.data(), static_cast<std::size_t>(n)}, unread_);
    if (!taken) return tl::unexpected(taken.error());
    if (*taken < static_cast<std::size_t>(n))
        return fail(Errc::corrupt, "the daemon sent more than the reply that was asked for");
    return {};
}

base::Result<void> Connection::read_head(const Request& request)
{
    const auto deadline = base::now() + settings_.answer_timeout + request.wait;
    while (!parser_.head_complete()) {
        bool woken = false;
        if (auto ok = read_some(deadline, woken); !ok) return ok;
        if (woken) return fail(EINTR, "the wait for the daemon's reply");
    }
    return {};
}

base::Result<void> Connection::begin(const Request& request)
{
    bool kept = fd_ && parser_.done() && parser_.keep_alive();
    // Readable between two requests means closed (or worse): a new connection is safe for every method by now.
    pollfd closed{fd_.get(), POLLIN, 0};
    if (kept && ::poll(&closed, 1, 0) != 0) kept = false;
    parser_ = ReplyParser{};
    unread_.clear();
    handed_ = 0;
    if (!kept)
        if (auto ok = connect(); !ok) return ok;
    const auto exchange = [&]() -> base::Result<void> {
        if (auto ok = send(request); !ok) return ok;
        return read_head(request);
    };
    auto result = exchange();
    if (!result && kept && request.method != "POST" && result.error().code == Errc::unavailable &&
        parser_.status() == 0) {
        if (auto ok = connect(); !ok) return ok;
        result = exchange();
    }
    if (!result) close();
    return result;
}

base::Result<Reply> Connection::read_body()
{
    while (!parser_.done()) {
        bool woken = false;
        auto ok = read_some(base::now() + settings_.answer_timeout, woken);
        if (ok && woken) ok = fail(EINTR, "the wait for the daemon's reply");
        if (!ok) {
            close();
            return tl::unexpected(ok.error());
        }
        if (unread_.size() > settings_.max_body_bytes) {
            close();
            return fail(Errc::limit,
                        "the daemon's reply is larger than " + std::to_string(settings_.max_body_bytes) + " bytes");
        }
    }
    Reply reply{parser_.status(), std::string(parser_.header("content-type")), std::move(unread_)};
    reply.type = reply.type.substr(0, reply.type.find_first_of("; \t"));
    unread_.clear();
    handed_ = 0;
    return reply;
}

base::Result<Reply> Connection::ask(const Request& request)
{
    if (auto ok = begin(request); !ok) return tl::unexpected(ok.error());
    return read_body();
}

base::Result<Reply> Connection::open_stream(const Request& request)
{
    if (auto ok = begin(request); !ok) return tl::unexpected(ok.error());
    if (parser_.status() >= 300) return read_body();
    Reply reply{parser_.status(), std::string(parser_.header("content-type")), {}};
    reply.type = reply.type.substr(0, reply.type.find_first_of("; \t"));
    return reply;
}

base::Result<StreamEvent> Connection::next()
{
    std::size_t searched = handed_;
    for (;;) {
        if (const auto newline = unread_.find('\n', searched); newline != std::string::npos) {
            Line line{unread_.substr(handed_, newline - handed_)};
            handed_ = newline + 1;
            return line;
        }
        unread_.erase(0, handed_); // once for all lines of a read, so that a burst costs no quadratic moving
        handed_ = 0;
        searched = unread_.size();
        if (parser_.done()) {
            if (unread_.empty()) return End{};
            return fail(Errc::corrupt, "the daemon's stream ends within a line");
        }
        if (unread_.size() > settings_.max_body_bytes) {
            close();
            return fail(Errc::limit, "a line of the daemon's stream is too long");
        }
        if (!fd_) return fail(Errc::unavailable, "the stream is not open");
        bool woken = false;
        if (auto ok = read_some(std::nullopt, woken); !ok) {
            close();
            return tl::unexpected(ok.error());
        }
        if (woken) return Woken{};
    }
}

} // namespace client
