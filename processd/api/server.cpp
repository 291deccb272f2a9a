// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/server.h"

#include "helpers/base/log.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/socket.h>

namespace processd::api {
namespace {

constexpr int accepts_per_turn = 16;
constexpr auto accept_pause = std::chrono::milliseconds{200};

} // namespace

Bounds bounds_from(const model::DaemonSpec& spec)
{
    Bounds bounds;
    bounds.request.body_bytes = spec.max_body_bytes;
    bounds.connections = static_cast<std::size_t>(spec.max_connections);
    bounds.connections_per_uid = static_cast<std::size_t>(spec.max_connections_per_uid);
    bounds.idle_timeout = spec.idle_timeout;
    bounds.request_timeout = spec.request_timeout;
    bounds.stream_backlog_bytes = spec.stream_backlog_bytes;
    return bounds;
}

Server::Server(loop::Loop& loop, base::UniqueFd listening, Bounds bounds, AccessOf access_of, Handler handler)
    : loop_(loop),
      listening_(std::move(listening)),
      bounds_(bounds),
      access_of_(std::move(access_of)),
      handler_(std::move(handler)),
      timer_(loop, [this] { check_deadlines(); }),
      turn_end_(loop,
                [this] {
                    for (const auto& weak : std::exchange(deferred_, {}))
                        if (const auto connection = weak.lock()) connection->turn();
                }),
      poll_(loop, listening_.get(), [this](int) { accept_some(); })
{
    const int flags = ::fcntl(listening_.get(), F_GETFL);
    if (flags >= 0 && (flags & O_NONBLOCK) == 0) (void)::fcntl(listening_.get(), F_SETFL, flags | O_NONBLOCK);
    poll_.watch(UV_READABLE);
}

Server::~Server() { std::exchange(connections_, {}).clear(); }

void Server::stop_accepting()
{
    accepts_ = false;
    poll_.watch(0);
}

std::size_t Server::followers() const noexcept
{
    return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                  [](const auto& entry) { return entry.second->streaming(); }));
}

void Server::accept_some()
{
    for (int i = 0; accepts_ && i < accepts_per_turn; ++i) {
        base::UniqueFd fd{::accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (fd) {
            admit(std::move(fd));
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno == EAGAIN) return;
        // Want of descriptors or memory: the socket stays readable, so look away for a moment instead of spinning.
        base::log::warning("connections to the API have to wait", {{"reason", std::string(::strerrordesc_np(errno))}});
        poll_.watch(0);
        accept_again_ = base::now() + accept_pause;
        deadline_set(accept_again_);
        return;
    }
}

void Server::admit(base::UniqueFd fd)
{
    auto peer = peer_of(fd.get());
    if (!peer) return base::log::warning("a connection to the API was refused", {{"reason", peer.error().message()}});
    const auto access = access_of_(*peer);
    if (access == model::Access::none) return on_refused ? on_refused(RequestTally::Refused::access, *peer) : void();
    const auto same_uid = per_uid_.find(peer->uid);
    if (connections_.size() >= bounds_.connections ||
        (same_uid != per_uid_.end() && same_uid->second >= bounds_.connections_per_uid)) {
        const std::string answer = bare_response(503);
        (void)::send(fd.get(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT); // as well as it goes
        return on_refused ? on_refused(RequestTally::Refused::limit, *peer) : void();
    }
    if (access > model::Access::read) peer->command = command_of(peer->pid); // to say who asked for a change
    const uid_t uid = peer->uid;
    const auto connection = std::make_shared<Connection>(*this, *std::move(peer), access);
    connections_.emplace(connection.get(), connection);
    ++per_uid_[uid];
    if (!connection->start(loop_, std::move(fd))) forget(*connection);
}

void Server::defer(const std::shared_ptr<Connection>& connection)
{
    deferred_.push_back(connection);
    turn_end_.arm();
}

void Server::forget(Connection& connection)
{
    const auto found = connections_.find(&connection);
    if (found == connections_.end()) return;
    if (const auto count = per_uid_.find(connection.uid()); --count->second == 0) per_uid_.erase(count);
    connections_.erase(found);
    deadline_cleared();
}

void Server::deadline_cleared()
{
    const bool any = accept_again_ != base::Time::max() ||
                     std::any_of(connections_.begin(), connections_.end(),
                                 [](const auto& entry) { return entry.second->deadline() != base::Time::max(); });
    if (any || armed_ == base::Time::max()) return;
    timer_.cancel(); // nobody is woken for nothing
    armed_ = base::Time::max();
}

void Server::deadline_set(base::Time deadline)
{
    if (deadline >= armed_) return; // the timer comes earlier and looks at all of them
    armed_ = deadline;
    timer_.at(deadline);
}

void Server::check_deadlines()
{
    const auto now = base::now();
    armed_ = base::Time::max();
    if (accept_again_ <= now) {
        accept_again_ = base::Time::max();
        if (accepts_) poll_.watch(UV_READABLE);
    }
    std::vector<std::shared_ptr<Connection>> due;
    for (const auto& [key, connection] : connections_)
        if (connection->deadline() <= now) due.push_back(connection);
    for (const auto& connection : due) connection->deadline_passed();
    auto next = accept_again_;
    for (const auto& [key, connection] : connections_) next = std::min(next, connection->deadline());
    if (next != base::Time::max()) deadline_set(next);
}

} // namespace processd::api
