// SPDX-License-Identifier: GPL-3.0-or-later
// tests/processd/api/served.h: a real Server on a real Unix socket, its loop on a thread of its own, and a client that
// speaks bytes. Everything that blocks gives up after ten seconds, which fails the test instead of hanging it.
#pragma once

#include "processd/api/server.h"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace api_test {

class Client {
public:
    explicit Client(const std::string& socket_path); // connects
    explicit Client(base::UniqueFd fd) : fd_(std::move(fd)) {}

    void send(std::string_view bytes);
    bool try_send(std::string_view bytes); // false when the server does not read on or is gone
    // What came, up to and including `until`; less if the end or the time limit came first.
    std::string read_until(std::string_view until);
    std::string read_response(); // one response with Content-Length, head and body
    std::string read_to_end();   // and "<eof>" behind it, or "<reset>" or "<silence>"
    std::string read_now();      // what is there without waiting
    std::string sip();           // at most 128 KiB of that
    void half_close() const;
    void close() { fd_.reset(); }
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    bool fill(); // false: nothing more comes
    base::UniqueFd fd_;
    std::string input_;
    std::string ending_;
};

// Lines 0, 1, 2 … up to a number that the test raises; keeps the newest `kept` only and says a gap for the others.
struct Feed {
    std::size_t last = 0;        // lines exist up to here
    std::size_t kept = SIZE_MAX; // of the newest
    std::size_t padding = 0;     // bytes of each line
    bool ended = false;
    std::vector<processd::api::Source*> readers;
    std::size_t leavers = 0;
    void wake() const
    {
        for (auto* reader : readers) reader->wake();
    }
};

class Served {
public:
    explicit Served(
        processd::api::Bounds bounds = {},
        processd::api::AccessOf access = [](const auto&) { return processd::model::Access::admin; });
    ~Served();

    [[nodiscard]] Client connect() const { return Client(path_); }
    [[nodiscard]] const std::string& path() const { return path_; }
    void on_loop(const std::function<void()>& work);     // runs it between callbacks and waits for it
    bool wait_until(const std::function<bool()>& holds); // asked on the loop
    void destroy_server();

    // Used on the loop only. GET /later keeps its exchange here; GET /feed streams the feed.
    std::vector<processd::api::ExchangePtr> waiting;
    int left = 0; // on_closed of those
    Feed feed;
    std::optional<processd::api::Server> server;
    processd::loop::Loop& loop() { return loop_; }

private:
    void handle(const processd::api::ExchangePtr& exchange);

    processd::loop::Loop loop_;
    std::string directory_, path_;
    std::function<void()> work_;
    std::optional<processd::loop::Async> wake_;
    std::thread thread_;
};

// "GET /x HTTP/1.1" with a Host and further header lines (each with its CRLF).
std::string get(std::string_view target, std::string_view headers = {});
std::string body_of(const std::string& response);
int status_of(const std::string& response);

} // namespace api_test
