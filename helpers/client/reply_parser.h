// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/client/reply_parser.h: one HTTP/1.1 reply out of bytes that come in any pieces. No I/O.
// Bodies: Content-Length, chunked, or up to the end of the connection. Interim (1xx) replies are skipped. Bytes are
// outside input: whatever they are, the parser answers with an Error and stays within its bounds.
#pragma once

#include "helpers/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace client {

inline constexpr std::size_t max_head_bytes = 64 * 1024; // status line, headers and trailers together

struct Header {
    std::string name; // in lower case
    std::string value;
    friend bool operator==(const Header&, const Header&) = default;
};

class ReplyParser {
public:
    // Appends body bytes to body. Returns how many bytes were taken: all of them, or fewer once the reply is done().
    // Errc::corrupt for what is not HTTP; the parser is of no use afterwards.
    base::Result<std::size_t> feed(std::string_view bytes, std::string& body);
    // The other side closed the connection: fine when that is how the body ends, else Errc::unavailable.
    base::Result<void> closed();

    [[nodiscard]] bool head_complete() const noexcept { return state_ > State::header; }
    [[nodiscard]] bool done() const noexcept { return state_ == State::done; }
    [[nodiscard]] int status() const noexcept { return status_; }
    // Empty when there is no such header. name in lower case.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
    [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; } // the connection serves another request

private:
    enum class State {
        status_line,
        header,
        body_length,
        body_to_end,
        chunk_size,
        chunk_data,
        chunk_end,
        trailer,
        done
    };

    base::Result<void> take_line();
    base::Result<void> take_status_line();
    base::Result<void> take_header();
    base::Result<void> take_chunk_size();
    base::Result<void> begin_body();

    State state_ = State::status_line;
    std::string line_;
    std::size_t head_bytes_ = 0;
    int status_ = 0;
    bool keep_alive_ = true;
    std::vector<Header> headers_;
    std::uint64_t left_ = 0; // of the body or of the chunk
};

} // namespace client
