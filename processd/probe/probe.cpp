// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/probe/probe.h"

#include "helpers/base/duration.h"
#include "processd/probe/http.h"
#include "processd/probe/rpc.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace processd::probe {
namespace {

using model::ProbeKind;

constexpr std::size_t longest_answer = 64 * 1024;
constexpr base::Duration datagram_again = std::chrono::milliseconds{500};

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

base::Result<Address> address_of(const model::ProbeSpec& spec, std::uint16_t port)
{
    Address a;
    if (!spec.socket.empty()) {
        sockaddr_un un{};
        un.sun_family = AF_UNIX;
        if (spec.socket.size() >= sizeof un.sun_path)
            return base::fail(ENAMETOOLONG,
                              "the path of a socket has at most " + std::to_string(sizeof un.sun_path - 1) + " bytes");
        std::memcpy(&un.sun_path[0], spec.socket.data(), spec.socket.size());
        std::memcpy(&a.storage, &un, sizeof un);
        a.size = sizeof un;
        return a;
    }
    if (spec.host.find(':') != std::string::npos) {
        sockaddr_in6 in6{};
        in6.sin6_family = AF_INET6;
        in6.sin6_port = htons(port);
        ::inet_pton(AF_INET6, spec.host.c_str(), &in6.sin6_addr);
        std::memcpy(&a.storage, &in6, sizeof in6);
        a.size = sizeof in6;
        return a;
    }
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    ::inet_pton(AF_INET, spec.host.c_str(), &in.sin_addr);
    std::memcpy(&a.storage, &in, sizeof in);
    a.size = sizeof in;
    return a;
}

std::string netid_of(const model::ProbeSpec& spec)
{
    return std::string(spec.udp ? "udp" : "tcp") + (spec.host.find(':') == std::string::npos ? "" : "6");
}

std::uint32_t next_xid()
{
    static std::uint32_t xid = static_cast<std::uint32_t>(base::to_ns(base::now()));
    return ++xid;
}

} // namespace

Probe::Probe(loop::Loop& loop, model::ProbeSpec spec, base::Duration timeout,
             std::function<void(base::Result<void>)> done)
    : loop_(loop),
      spec_(std::move(spec)),
      done_(std::move(done)),
      result_(base::fail(base::Errc::timed_out,
                         "no answer within " +
                             base::format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(timeout)))),
      timer_(loop, [this] { end(result_); }),
      again_(loop, [this] { send(); })
{
    timer_.at(base::now() + timeout);
    asks_rpcbind_ = spec_.kind == ProbeKind::rpc && spec_.port == 0;
    connect(asks_rpcbind_ ? rpcbind_port : spec_.port);
}

void Probe::connect(std::uint16_t port)
{
    poll_.reset();
    sent_ = false;
    heard_.clear();
    const auto address = address_of(spec_, port);
    if (!address) return end_later(tl::unexpected(address.error()));
    fd_.reset(::socket(address->storage.ss_family,
                       (datagrams() ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd_) return end_later(base::fail(errno, "make a socket"));
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address->storage), address->size) < 0 &&
        errno != EINPROGRESS)
        return end_later(base::fail(errno, "connect"));
    poll_ = std::make_unique<loop::Poll>(loop_, fd_.get(), [this](int events) { ready(events); });
    poll_->watch(UV_WRITABLE);
}

void Probe::ready(int events)
{
    if (sent_) {
        if ((events & UV_READABLE) != 0) receive();
        return;
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return end(base::fail(error, "connect"));
    if (spec_.kind == ProbeKind::tcp || spec_.kind == ProbeKind::unix) return end({});
    if (spec_.kind == ProbeKind::http) {
        asked_ = get_request(spec_.socket.empty() ? spec_.host : "localhost", spec_.path);
    } else {
        xid_ = next_xid();
        asked_ = asks_rpcbind_ ? encode({xid_, rpcbind_program, rpcbind_version, getaddr_procedure,
                                         getaddr_arguments(spec_.program, spec_.version, netid_of(spec_))})
                               : encode({xid_, spec_.program, spec_.version, 0, {}});
        if (!datagrams()) asked_ = as_record(asked_);
    }
    sent_ = true;
    poll_->watch(UV_READABLE);
    send();
}

// A fresh socket's buffer takes so little at once.
void Probe::send()
{
    const auto n = ::send(fd_.get(), asked_.data(), asked_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return end(base::fail(errno, "ask"));
    if (datagrams()) again_.at(base::now() + datagram_again);
}

void Probe::receive()
{
    std::array<char, longest_answer> buffer; // NOLINT: filled by recv
    const auto n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) return end(base::fail(errno, "hear its answer"));
    const std::string_view bytes{buffer.data(), static_cast<std::size_t>(n)};
    if (datagrams()) return take(bytes);
    if (n == 0) return end(base::fail(base::Errc::unavailable, "it closed the connection without an answer"));
    heard_.append(bytes);
    if (heard_.size() > longest_answer) return end(base::fail(base::Errc::corrupt, "its answer does not end"));
    if (spec_.kind == ProbeKind::http) {
        const auto status = status_of(heard_);
        if (!status) return end(tl::unexpected(status.error()));
        if (!*status) return;
        if (**status < 400) return end({});
        return end(base::fail(base::Errc::unavailable, "it answered with status " + std::to_string(**status)));
    }
    const auto message = message_of(heard_);
    if (!message) return end(tl::unexpected(message.error()));
    if (*message) take(**message);
}

void Probe::take(std::string_view message)
{
    const auto results = decode_reply(message, xid_);
    if (!results && asks_rpcbind_) return end(base::wrap("rpcbind", results.error()));
    if (!results) return end(tl::unexpected(results.error()));
    if (!*results) return; // to an earlier question
    if (!asks_rpcbind_) return end({});
    const auto port = port_of(**results);
    if (!port) return end(base::wrap("rpcbind", port.error()));
    if (*port == 0) return end(base::fail(base::Errc::not_found, "it is not registered with rpcbind"));
    asks_rpcbind_ = false;
    again_.cancel();
    connect(*port);
}

void Probe::end(base::Result<void> result)
{
    timer_.cancel();
    again_.cancel();
    if (poll_) poll_->watch(0);
    const auto done = std::move(done_);
    done_ = {};
    if (done) done(std::move(result));
}

void Probe::end_later(base::Result<void> result)
{
    result_ = std::move(result);
    timer_.at(base::now());
}

} // namespace processd::probe
