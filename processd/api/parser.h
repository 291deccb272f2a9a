// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/parser.h: bytes of a connection to one Request, piece by piece. No I/O. Boost.Beast does the parsing
// (RFC 9112: lengths, chunked bodies, folded fields); it stays inside parser.cpp. On top of it: the header limit counts
// the whole header however it arrives, what may surround chunks is bounded too, and what we do not speak is refused.
#pragma once

#include "processd/api/request.h"

#include <cstdint>
#include <memory>
#include <string_view>

namespace processd::api {

class Parser {
public:
    enum class State {
        need_more, // feed() again with the bytes that were not used and those behind them
        done,      // take() the request
        failed,    // status() says how to answer before the connection is closed
    };
    struct Bounds {
        std::uint32_t header_bytes = 16 * 1024; // request line and header; also what surrounds a chunk
        std::uint64_t body_bytes = 2ULL << 20U;
    };

    explicit Parser(Bounds bounds);
    ~Parser();
    Parser(Parser&&) noexcept;
    Parser& operator=(Parser&&) noexcept;

    // Returns how many bytes were used. Stops behind the end of a request.
    std::size_t feed(std::string_view bytes);
    [[nodiscard]] State state() const noexcept;
    [[nodiscard]] int status() const noexcept;          // once failed: 400, 413, 417, 431, 501 or 505
    [[nodiscard]] bool started() const noexcept;        // a byte of the request was fed
    [[nodiscard]] bool header_done() const noexcept;    // the header parsed, so an error can be told as a problem
    [[nodiscard]] bool wants_continue() const noexcept; // Expect: 100-continue, and the body is missing so far
    // The request, with peer and access left to the caller and its target not split yet. Begins the next one.
    Request take();

private:
    class Sink;
    Bounds bounds_;
    std::unique_ptr<Sink> sink_;
};

} // namespace processd::api
