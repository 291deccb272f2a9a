// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/server.h: HTTP/1.1 on a listening Unix socket that somebody else has made (the keeper, so that a restart
// of the manager refuses nobody). Whoever connects is known from the socket: the level is decided once, at accept, and
// a peer without any is closed before a byte is read. A connection beyond the bounds gets a bare 503 and is closed.
//
// Deadlines: a connection without a request is closed after idle_timeout; a request must be complete within
// request_timeout after its first byte (else 408); a reply that nobody reads is given up when write_timeout passes
// without a byte taken. While a handler works on an answer, and in a stream, there is no deadline: the client's leaving
// is noticed by the socket. One timer stands for the nearest deadline of all; without connections it is off.
//
// Handlers are called from the loop only. Destroying the server (not from inside a handler) closes all connections
// without another callback; handles that handlers still keep do nothing from then on.
#pragma once

#include "processd/api/connection.h"
#include "processd/api/request_tally.h"
#include "processd/loop/loop.h"

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace processd::api {

struct Bounds {
    Parser::Bounds request;
    std::size_t connections = 256;
    std::size_t connections_per_uid = 64;
    base::Duration idle_timeout = std::chrono::minutes{1};
    base::Duration request_timeout = std::chrono::seconds{10};
    base::Duration write_timeout = std::chrono::seconds{30};
    std::size_t stream_backlog_bytes = 1U << 20U;
};
Bounds bounds_from(const model::DaemonSpec& spec);

using AccessOf = std::function<model::Access(const Peer&)>;

class Server {
public:
    // Takes the listening socket over and makes it non-blocking.
    Server(loop::Loop& loop, base::UniqueFd listening, Bounds bounds, AccessOf access_of, Handler handler);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::function<void(RequestTally::Refused, const Peer&)> on_refused; // of connections
    std::function<void(int status)> on_unreadable;                      // what is no request was answered so

    void stop_accepting();                                      // for good
    void set_bounds(const Bounds& bounds) { bounds_ = bounds; } // for requests and connections to come
    [[nodiscard]] const Bounds& bounds() const noexcept { return bounds_; }
    [[nodiscard]] std::size_t connections() const noexcept { return connections_.size(); }
    [[nodiscard]] std::size_t followers() const noexcept; // connections that stream

    // Of Connection.
    void handle(ExchangePtr exchange) { handler_(std::move(exchange)); }
    void defer(const std::shared_ptr<Connection>& connection); // calls turn() at the end of this turn of the loop
    void deadline_set(base::Time deadline);
    void deadline_cleared(); // of one of them, for a while
    void forget(Connection& connection);

private:
    void accept_some();
    void admit(base::UniqueFd fd);
    void check_deadlines();

    loop::Loop& loop_;
    base::UniqueFd listening_;
    Bounds bounds_;
    AccessOf access_of_;
    Handler handler_;
    std::map<Connection*, std::shared_ptr<Connection>> connections_;
    std::map<uid_t, std::size_t> per_uid_;
    std::vector<std::weak_ptr<Connection>> deferred_;
    base::Time armed_ = base::Time::max();
    base::Time accept_again_ = base::Time::max(); // accepting pauses until then
    bool accepts_ = true;
    loop::Timer timer_;
    loop::Deferred turn_end_;
    loop::Poll poll_;
};

} // namespace processd::api
