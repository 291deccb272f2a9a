// SPDX-License-Identifier: GPL-3.0-or-later
// tests/helpers/client/unix_server.h: a real server on a Unix socket in a directory of its own, which answers with the
// bytes that a test gives it: a thread per connection, so that a test can hold one open. Ends everything in its
// destructor.
#pragma once

#include "helpers/base/unique_fd.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace test {

class UnixServer {
public:
    // One connection with one request read from it.
    class Peer {
    public:
        std::string method, target, head, body;

        void send(std::string_view bytes) const;
        void wait_for_close() const; // until the client has gone or the server ends
        void reply(int status, std::string_view body, std::string_view type = "application/json") const;
        void begin_stream() const;              // 200, NDJSON, chunked
        void line(std::string_view json) const; // a chunk of one line
        void end_stream() const;

    private:
        friend class UnixServer;
        int fd_ = -1;
    };
    enum class Then { keep, close };
    using Handler = std::function<Then(Peer&)>;

    explicit UnixServer(Handler handler);
    ~UnixServer();
    UnixServer(const UnixServer&) = delete;
    UnixServer& operator=(const UnixServer&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::vector<std::string> requests() const; // "GET /v1/system" …
    [[nodiscard]] int connections() const { return connections_; }
    void stop_listening(); // as when the keeper has ended: connections are refused

private:
    void accept_all();
    void serve(int fd);

    Handler handler_;
    std::string directory_, path_;
    base::UniqueFd listener_;
    std::atomic<bool> ending_{false};
    std::atomic<int> connections_{0};
    mutable std::mutex mutex_;
    std::vector<std::string> requests_;
    std::vector<base::UniqueFd> peers_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

} // namespace test
