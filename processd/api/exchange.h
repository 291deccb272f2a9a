// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/exchange.h: one request and the one answer to it. The handler gets a shared handle, may answer at once
// or keep the handle and answer later, from the loop's thread. Answering twice, or after the client left, does nothing.
// A handle that is let go unanswered is answered as a bug of ours, so no client waits for ever.
#pragma once

#include "processd/api/reply.h"
#include "processd/api/source.h"

#include <functional>
#include <memory>

namespace processd::api {

class Connection;
class RequestTally;

class Exchange {
public:
    Exchange(std::weak_ptr<Connection> connection, Request request);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    [[nodiscard]] const Request& request() const noexcept { return request_; }
    // Whether somebody waits for the answer and none was given.
    [[nodiscard]] bool open() const noexcept;

    void reply(Reply reply);
    // Status 200 and its header at once, then what the source yields until it ends or the client leaves, which is when
    // the source is destroyed. To HEAD only the header is sent and the source is destroyed at once.
    void stream(std::string content_type, std::unique_ptr<Source> source);
    // Called from the loop if the client leaves before it was answered; not once reply() or stream() was called, and
    // not when the server itself goes.
    void on_closed(std::function<void()> left);
    // From now on until the answer is the time that it takes.
    void count_in(RequestTally& tally, std::size_t route);

private:
    void count(int status);

    std::weak_ptr<Connection> connection_; // empty once answered
    Request request_;
    RequestTally* tally_ = nullptr; // until it is counted
    std::size_t route_ = 0;
    base::Time begun_{};
};
using ExchangePtr = std::shared_ptr<Exchange>;
using Handler = std::function<void(ExchangePtr)>;

} // namespace processd::api
