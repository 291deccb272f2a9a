// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/connection.h: one client's connection: requests one after the other, each answered in full before the
// next is looked at. Belongs to the Server, which is asked for limits, deferred turns and the end.
//
//   Reading ──request──▶ Answering ──reply──▶ Draining ──▶ Reading …
//                            └──stream──▶ Streaming ──▶ Draining
//   Draining ──if the connection is to end──▶ Lingering ──▶ closed
//
// Lingering: we have said all and half-closed, and read the rest away for a moment, since closing a socket with unread
// bytes makes the other side's next write fail before it has read our answer.
#pragma once

#include "processd/api/exchange.h"
#include "processd/api/parser.h"
#include "processd/loop/stream.h"

#include <optional>

namespace processd::api {

class Server;

class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(Server& server, Peer peer, model::Access access);
    bool start(loop::Loop& loop, base::UniqueFd fd); // false: the descriptor cannot be served

    // Of Exchange, while it is unanswered.
    [[nodiscard]] bool answering() const noexcept { return state_ == State::answering; }
    void reply(const Request& request, Reply reply);
    void stream(const Request& request, std::string content_type, std::unique_ptr<Source> source);
    void on_closed(std::function<void()> left) { left_ = std::move(left); }

    // Of Server.
    void turn();                                                             // asked for with Server::defer()
    void deadline_passed();                                                  // closes, or sets a later one
    [[nodiscard]] base::Time deadline() const noexcept { return deadline_; } // Time::max(): none
    [[nodiscard]] uid_t uid() const noexcept { return peer_.uid; }
    [[nodiscard]] bool streaming() const noexcept { return state_ == State::streaming; }

private:
    enum class State { reading, answering, streaming, draining, lingering, closed };

    void data(std::string_view bytes);
    void half_closed();
    void drained();
    void read_requests();
    void dispatch();
    void refuse(int status);
    void answered();
    void await_request();
    void pump();
    void set_deadline(base::Duration from_now);
    void linger();
    void close();

    Server& server_;
    const Peer peer_;
    const model::Access access_;
    std::optional<loop::Stream> stream_;
    State state_ = State::reading;
    Parser parser_;
    std::string input_; // read and not used yet
    bool paused_ = false;
    bool dispatching_ = false;
    bool keep_alive_ = true;
    bool chunked_ = false;
    bool input_ended_ = false; // the client has half-closed
    bool continued_ = false;   // 100 Continue was sent for this request
    std::unique_ptr<Source> source_;
    bool source_ready_ = false;
    std::function<void()> left_;
    base::Time deadline_ = base::Time::max();
    std::size_t queued_at_deadline_ = 0; // to see whether a slow reader reads at all
};

} // namespace processd::api
