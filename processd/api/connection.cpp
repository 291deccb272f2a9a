// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/connection.h"

#include "helpers/base/crash_point.h"
#include "helpers/base/log.h"
#include "processd/api/problem.h"
#include "processd/api/server.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace processd::api {
namespace {

constexpr std::size_t max_input = 64 * 1024; // sent ahead of an answer; then reading pauses
constexpr int requests_per_turn = 16;        // of one connection that sends many at once; then others have their turn
constexpr std::size_t pull_bytes = 64 * 1024;
constexpr auto linger_timeout = std::chrono::seconds{2};
constexpr std::size_t chunk_head = 10; // eight hexadecimal digits and CRLF, filled in once the size is known

} // namespace

Connection::Connection(Server& server, Peer peer, model::Access access)
    : server_(server), peer_(std::move(peer)), access_(access), parser_(server.bounds().request)
{
}

bool Connection::start(loop::Loop& loop, base::UniqueFd fd)
{
    // Each callback holds the connection, which may end inside it.
    auto stream = loop::Stream::adopt(loop, std::move(fd),
                                      {
                                          [this](std::string_view bytes) {
                                              const auto self = shared_from_this();
                                              data(bytes);
                                          },
                                          [this] {
                                              const auto self = shared_from_this();
                                              close();
                                          },
                                          [this] {
                                              const auto self = shared_from_this();
                                              drained();
                                          },
                                          [this] {
                                              const auto self = shared_from_this();
                                              half_closed();
                                          },
                                      });
    if (!stream) {
        base::log::warning("a connection to the API was refused", {{"reason", stream.error().message()}});
        return false;
    }
    stream_ = std::move(*stream);
    set_deadline(server_.bounds().idle_timeout);
    return true;
}

// ---- reading -------------------------------------------------------------------------------------------------------

void Connection::data(std::string_view bytes)
{
    if (state_ == State::lingering) return;
    if (state_ == State::reading && input_.empty()) { // the usual case: no copy of what is complete
        if (!parser_.started()) set_deadline(server_.bounds().request_timeout);
        const std::size_t used = parser_.feed(bytes);
        input_.assign(bytes.substr(used));
    } else {
        input_.append(bytes);
    }
    read_requests();
    if (state_ == State::closed || state_ == State::lingering || input_.size() <= max_input) return;
    if (state_ == State::streaming) return close(); // a paused follower's leaving would go unnoticed
    if (!std::exchange(paused_, true)) stream_->pause();
}

// Looks at what was read until it is used up or an answer has to come first.
void Connection::read_requests()
{
    for (int handled = 0; state_ == State::reading; ++handled) {
        if (handled == requests_per_turn) return server_.defer(shared_from_this());
        if (parser_.state() == Parser::State::need_more && !input_.empty()) {
            if (!parser_.started()) set_deadline(server_.bounds().request_timeout);
            input_.erase(0, parser_.feed(input_));
        }
        if (parser_.state() == Parser::State::failed) return refuse(parser_.status());
        if (parser_.state() == Parser::State::need_more) break;
        dispatch();
    }
    if (state_ != State::reading) return;
    if (input_ended_) return parser_.started() ? refuse(400) : linger();
    if (parser_.wants_continue() && !std::exchange(continued_, true)) stream_->write("HTTP/1.1 100 Continue\r\n\r\n");
    if (std::exchange(paused_, false)) stream_->resume();
}

void Connection::half_closed()
{
    input_ended_ = true;
    if (state_ == State::lingering) return close();
    read_requests();
}

void Connection::dispatch()
{
    Request request = parser_.take();
    request.peer = peer_;
    request.access = access_;
    continued_ = false;
    deadline_ = base::Time::max();
    state_ = State::answering;
    dispatching_ = true;
    const auto split = split_target(request);
    const auto exchange = std::make_shared<Exchange>(weak_from_this(), std::move(request));
    if (!split)
        exchange->reply(problem(split.error()));
    else
        server_.handle(exchange);
    dispatching_ = false;
    if (deadline_ == base::Time::max()) server_.deadline_cleared();
}

// Answers what is no request, or no complete one, and ends the connection.
void Connection::refuse(int status)
{
    keep_alive_ = false;
    if (server_.on_unreadable) server_.on_unreadable(status);
    if (parser_.header_done() && status == 413) {
        Reply reply = too_large("the request body", server_.bounds().request.body_bytes);
        stream_->write(response_head(reply, reply.body.size(), {Framing::length, false, false}) + reply.body);
    } else if (parser_.header_done() && status == 408) {
        Reply reply = problem(Kind::request_timeout, "the request was not complete in time");
        stream_->write(response_head(reply, reply.body.size(), {Framing::length, false, false}) + reply.body);
    } else {
        stream_->write(bare_response(status));
    }
    answered();
}

// ---- answering -----------------------------------------------------------------------------------------------------

void Connection::reply(const Request& request, Reply reply)
{
    if (state_ != State::answering) return;
    left_ = nullptr;
    keep_alive_ = request.keep_alive;
    std::string bytes = response_head(reply, reply.body.size(), {Framing::length, keep_alive_, request.http_1_0});
    if (!request.is_head()) bytes += reply.body;
    base::crash_point("reply:before", request.method);
    stream_->write(std::move(bytes));
    base::crash_point("reply:after", request.method);
    answered();
}

// A reply is complete as far as we are concerned: what comes next depends on whether it is read.
void Connection::answered()
{
    state_ = State::draining;
    if (stream_->queued_bytes() == 0) return drained();
    queued_at_deadline_ = stream_->queued_bytes();
    set_deadline(server_.bounds().write_timeout);
}

void Connection::drained()
{
    if (state_ == State::streaming) return pump();
    if (state_ != State::draining) return;
    if (!keep_alive_) return linger();
    state_ = State::reading;
    set_deadline(server_.bounds().idle_timeout);
    // An answer may come from the middle of somebody else's work: never start the next request from there.
    if (!dispatching_ && (!input_.empty() || paused_ || input_ended_)) server_.defer(shared_from_this());
}

void Connection::turn()
{
    if (state_ == State::streaming) return pump();
    if (state_ == State::reading) read_requests();
}

// ---- streaming -----------------------------------------------------------------------------------------------------

void Connection::stream(const Request& request, std::string content_type, std::unique_ptr<Source> source)
{
    if (state_ != State::answering) return;
    left_ = nullptr;
    chunked_ = !request.http_1_0;
    keep_alive_ = request.keep_alive && chunked_;
    const Reply reply{200, std::move(content_type), {}, {}};
    stream_->write(
        response_head(reply, 0, {chunked_ ? Framing::chunked : Framing::close, keep_alive_, request.http_1_0}));
    if (request.is_head()) {
        source.reset();
        return answered();
    }
    state_ = State::streaming;
    source_ = std::move(source);
    source_->set_on_wake([this] {
        if (!std::exchange(source_ready_, true)) server_.defer(shared_from_this());
    });
    source_->wake();
}

void Connection::pump()
{
    const std::size_t backlog = server_.bounds().stream_backlog_bytes;
    std::size_t pulled = 0;
    while (source_ready_) {
        const std::size_t queued = stream_->queued_bytes();
        if (queued >= backlog) return;                                   // drained() goes on
        if (pulled >= backlog) return server_.defer(shared_from_this()); // others want their turn, too
        std::string out(chunked_ ? chunk_head : 0, '\0');
        const std::size_t before = out.size();
        source_ready_ = false; // a wake() during the pull counts
        const auto next = source_->pull(out, std::min(pull_bytes, backlog - queued));
        if (next == Source::Next::more) source_ready_ = true;
        const std::size_t size = out.size() - before;
        pulled += size;
        if (size > 0) {
            if (chunked_) {
                std::array<char, chunk_head + 1> head{};
                (void)std::snprintf(head.data(), head.size(), "%08zx\r\n", size);
                out.replace(0, chunk_head, head.data(), chunk_head);
                out += "\r\n";
            }
            stream_->write(std::move(out));
        }
        if (next == Source::Next::end) {
            source_.reset();
            source_ready_ = false;
            if (chunked_) stream_->write("0\r\n\r\n");
            return answered();
        }
        if (next == Source::Next::more && size == 0) return server_.defer(shared_from_this());
    }
}

// ---- ending --------------------------------------------------------------------------------------------------------

void Connection::set_deadline(base::Duration from_now)
{
    deadline_ = base::now() + from_now;
    server_.deadline_set(deadline_);
}

void Connection::deadline_passed()
{
    const auto self = shared_from_this();
    if (state_ == State::reading && parser_.started()) return refuse(408);
    if (state_ == State::draining && stream_->queued_bytes() < queued_at_deadline_) {
        queued_at_deadline_ = stream_->queued_bytes(); // slow, but it reads
        return set_deadline(server_.bounds().write_timeout);
    }
    close();
}

void Connection::linger()
{
    if (input_ended_) return close();
    state_ = State::lingering;
    input_.clear();
    stream_->shutdown_write();
    if (std::exchange(paused_, false)) stream_->resume();
    set_deadline(linger_timeout);
}

void Connection::close()
{
    if (state_ == State::closed) return;
    const auto self = shared_from_this();
    const bool waited = state_ == State::answering;
    state_ = State::closed;
    source_.reset();
    stream_.reset();
    server_.forget(*this);
    if (const auto left = std::exchange(left_, nullptr); waited && left) left();
}

} // namespace processd::api
