// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/loop/keeper_client.h"

#include "helpers/base/crash_point.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <utility>

namespace processd::loop {
namespace {

using protocol::bytes_of;
using protocol::read_struct;
using protocol::Type;

// As crash points are called.
std::string_view name_of(Type type)
{
    switch (type) {
    case Type::spawn: return "spawn";
    case Type::signal: return "signal";
    case Type::empty: return "empty";
    case Type::watch: return "watch";
    case Type::cookie: return "cookie";
    case Type::ack: return "ack";
    case Type::read: return "read";
    case Type::ready: return "ready";
    case Type::stopped: return "stopped";
    case Type::settings: return "settings";
    case Type::ask_stop: return "ask_stop";
    case Type::ask_figures: return "ask_figures";
    case Type::ask_upgrade: return "ask_upgrade";
    default: return "other";
    }
}

constexpr int max_messages_per_turn = 64; // then other sources get their turn
// Most often a request goes out by then and says it as well, which spares the keeper from being woken for it.
constexpr base::Duration tell_read_within = std::chrono::milliseconds{100};

base::UniqueFd open_memfd() { return base::UniqueFd{::memfd_create("spawn", MFD_CLOEXEC | MFD_ALLOW_SEALING)}; }

base::Result<base::UniqueFd> sealed_memfd(base::UniqueFd fd, std::string_view bytes)
{
    if (!fd) fd = open_memfd();
    if (!fd) return base::fail(errno, "memory for a spawn request");
    while (!bytes.empty()) {
        const auto n = ::write(fd.get(), bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return base::fail(errno, "memory for a spawn request");
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    // Nobody has mapped it, so that no future write is no write; F_SEAL_WRITE would first drain the pages' LRU lists.
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return base::fail(errno, "seal a spawn request");
    return fd;
}

} // namespace

KeeperClient::KeeperClient(Loop& loop, base::UniqueFd channel, KeeperEvents events)
    : channel_(std::move(channel)),
      events_(std::move(events)),
      poll_(loop, channel_.get(),
            [this](int ready) {
                if ((ready & UV_WRITABLE) != 0) flush();
                if ((ready & ~UV_WRITABLE) != 0) receive();
            }),
      tell_read_(loop, [this] {
          if (told_read_seq_ != read_seq_) send(Type::read, {});
      })
{
    poll_.watch(UV_READABLE);
}

base::Result<std::uint64_t> KeeperClient::spawn(std::string_view spec, std::string_view cookie,
                                                const std::string* stdin_data)
{
    if (cookie.size() > protocol::max_cookie)
        return base::fail(base::Errc::limit, "a run's description of " + std::to_string(cookie.size()) +
                                                 " bytes is beyond the keeper's " +
                                                 std::to_string(protocol::max_cookie));
    auto spec_fd = sealed_memfd(std::move(next_memfd_), spec);
    if (!spec_fd) return tl::unexpected(spec_fd.error());
    std::vector<base::UniqueFd> fds;
    fds.push_back(*std::move(spec_fd));
    if (stdin_data != nullptr) {
        auto data = sealed_memfd({}, *stdin_data);
        if (!data) return tl::unexpected(data.error());
        fds.push_back(*std::move(data));
    }
    const protocol::Spawn request{next_request_++, static_cast<std::uint32_t>(cookie.size()), 0};
    send(Type::spawn, std::string(bytes_of(request)).append(cookie), std::move(fds));
    next_memfd_ = open_memfd(); // while the keeper is busy with this one
    return request.request_id;
}

void KeeperClient::signal(protocol::ChildId child, int signal, protocol::Scope scope, std::string_view cookie)
{
    send(Type::signal, std::string(bytes_of(protocol::Signal{child, signal, scope})).append(cookie));
}
void KeeperClient::empty(protocol::ChildId child)
{
    send(Type::empty, std::string(bytes_of(protocol::Child{child, 0, 0})));
}
void KeeperClient::watch(const protocol::Watch& watch) { send(Type::watch, std::string(bytes_of(watch))); }
void KeeperClient::cookie(protocol::ChildId child, std::string_view cookie)
{
    const protocol::Child request{child, static_cast<std::uint32_t>(cookie.size()), 0};
    send(Type::cookie, std::string(bytes_of(request)).append(cookie));
}
void KeeperClient::ack(protocol::ChildId child)
{
    send(Type::ack, std::string(bytes_of(protocol::Child{child, 0, 0})));
}
void KeeperClient::settings(const protocol::Settings& settings)
{
    send(Type::settings, std::string(bytes_of(settings)));
}
void KeeperClient::ready() { send(Type::ready, {}); }
void KeeperClient::stopped(bool in_order)
{
    send(Type::stopped, std::string(bytes_of(protocol::Stopped{in_order ? 1U : 0U, 0})));
}
void KeeperClient::ask_stop() { send(Type::ask_stop, {}); }
void KeeperClient::ask_figures() { send(Type::ask_figures, {}); }
void KeeperClient::ask_upgrade() { send(Type::ask_upgrade, {}); }

void KeeperClient::when_sent(std::function<void()> then)
{
    if (queue_.empty()) return then();
    when_sent_.push_back(std::move(then));
}

void KeeperClient::send(Type type, std::string body, std::vector<base::UniqueFd> fds)
{
    if (lost_) return;
    Outgoing message{type, std::move(body), std::move(fds)};
    if (queue_.empty() && send_now(message)) return;
    queue_.push_back(std::move(message));
    wait_for_socket();
}

void KeeperClient::stop_reading()
{
    deaf_ = true;
    wait_for_socket();
}

void KeeperClient::wait_for_socket() { poll_.watch((deaf_ ? 0 : UV_READABLE) | (queue_.empty() ? 0 : UV_WRITABLE)); }

// False: the socket is full. A closed one counts as sent, as receiving learns of it and says so.
bool KeeperClient::send_now(const Outgoing& message)
{
    std::vector<int> fds;
    fds.reserve(message.fds.size());
    for (const auto& fd : message.fds) fds.push_back(fd.get());
    base::crash_point("send:before", name_of(message.type));
    const auto result =
        protocol::send_message(channel_.get(), message.type, sent_seq_ + 1, read_seq_, {message.body}, fds);
    if (result == protocol::SendResult::again) return false;
    base::crash_point("send:after", name_of(message.type));
    ++sent_seq_;
    told_read_seq_ = read_seq_;
    return true;
}

void KeeperClient::flush()
{
    while (!queue_.empty() && send_now(queue_.front())) queue_.pop_front();
    if (!queue_.empty()) return;
    wait_for_socket();
    for (const auto& then : std::exchange(when_sent_, {})) then();
}

void KeeperClient::receive()
{
    for (int i = 0; i < max_messages_per_turn && !lost_ && !deaf_; ++i) {
        auto message = protocol::receive_message(channel_.get());
        if (!message) {
            lost_ = true;
            poll_.watch(0);
            events_.on_lost(message.error());
            return;
        }
        if (!*message) break;
        dispatch(**std::move(message));
    }
    if (told_read_seq_ != read_seq_ && !tell_read_.armed()) tell_read_.at(base::now() + tell_read_within);
}

void KeeperClient::dispatch(protocol::Received message)
{
    const std::string_view body = message.body;
    switch (static_cast<Type>(message.header.type)) {
    case Type::hello:
        if (const auto hello = read_struct<protocol::Hello>(body))
            events_.on_hello(*hello, message.fds.empty() ? base::UniqueFd{} : std::move(message.fds[0]));
        break;
    case Type::child:
        if (const auto state = read_struct<protocol::ChildState>(body))
            events_.on_child(*state, body.substr(sizeof *state), std::move(message.fds));
        break;
    case Type::hello_end: events_.on_hello_end(); break;
    case Type::stop:
        if (const auto stop = read_struct<protocol::Stop>(body))
            events_.on_stop(base::time_from_ns(stop->deadline_mono_ns));
        break;
    case Type::reload: events_.on_reload(); break;
    case Type::figures:
        if (const auto figures = read_struct<protocol::Figures>(body); figures && events_.on_figures)
            events_.on_figures(*figures);
        break;
    case Type::upgrade:
        if (const auto upgrade = read_struct<protocol::Upgrade>(body); upgrade && events_.on_upgrade)
            events_.on_upgrade(*upgrade);
        break;
    default: break; // version equality was checked: only a keeper's own fault could bring another type
    }
    read_seq_ = message.header.seq;
}

} // namespace processd::loop
