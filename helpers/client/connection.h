// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/client/connection.h: requests to the daemon over its Unix socket, one at a time, on one kept connection.
// Everything waits in the caller's thread. Failures are about the transport only (no socket, no permission, closed,
// not HTTP, too late): a reply of any status is a Reply, see problem.h for what it means. A kept connection that the
// daemon has closed meanwhile is opened again once, before anything of the reply came, for requests that may be
// repeated.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"
#include "helpers/client/reply_parser.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace client {

struct Request {
    std::string method = "GET";
    std::string target; // path and query, encoded
    std::string body{}; // JSON; empty: none
    std::string accept = "application/json";
    base::Duration wait{}; // what the request itself asks the daemon to wait, on top of the deadline for an answer
};

struct Reply {
    int status = 0;
    std::string type; // media type, without parameters
    std::string body;

    [[nodiscard]] bool ok() const noexcept { return status >= 200 && status < 300; }
};

struct Settings {
    std::string socket_path;
    base::Duration connect_timeout = std::chrono::seconds{5};
    base::Duration answer_timeout =
        std::chrono::seconds{10};            // from the request to the head of the reply, and between bytes
    std::size_t max_body_bytes = 64U << 20U; // of a reply that is not a stream, and of a stream's line
    int wake_fd = -1; // while this is readable a stream that waits returns Woken, any other wait fails with EINTR
};

struct Line { // of a stream, without its newline
    std::string text;
};
struct End {};   // the daemon ended the stream in order
struct Woken {}; // settings.wake_fd is readable
using StreamEvent = std::variant<Line, End, Woken>;

class Connection {
public:
    explicit Connection(Settings settings) : settings_(std::move(settings)) {}

    base::Result<Reply> ask(const Request& request);

    // Sends the request and reads the head. A reply other than 2xx comes whole; of a 2xx the body is read with next().
    base::Result<Reply> open_stream(const Request& request);
    base::Result<StreamEvent> next();

    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
    void close() noexcept;

private:
    base::Result<void> connect();
    base::Result<void> send(const Request& request);
    base::Result<void> read_some(std::optional<base::Time> deadline, bool& woken);
    base::Result<void> read_head(const Request& request);
    base::Result<void> begin(const Request& request);
    base::Result<Reply> read_body();

    Settings settings_;
    base::UniqueFd fd_;
    ReplyParser parser_;
    std::string unread_;     // body bytes
    std::size_t handed_ = 0; // how many of them next() has handed out
};

// RFC 3986 percent-encoding of one path segment or query value.
std::string encoded(std::string_view text);

} // namespace client
