// SPDX-License-Identifier: GPL-3.0-or-later
// processd/loop/stream.h: a connected Unix stream socket on the loop. Owns the descriptor. Reads arrive as they come;
// writes are queued with their own buffers. After on_end nothing more arrives. Destroying the stream closes the
// connection and forgets unwritten data.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "processd/loop/loop.h"

#include <functional>
#include <string>
#include <string_view>

namespace processd::loop {

class Stream {
public:
    struct Events {
        std::function<void(std::string_view data)> on_data;
        std::function<void()> on_end;     // the peer has closed or the connection failed, for reading or writing
        std::function<void()> on_drained; // the last queued byte was handed to the kernel
    };
    static base::Result<Stream> adopt(Loop& loop, base::UniqueFd fd, Events events);

    void write(std::string data); // tries at once, queues the rest
    void pause();                 // no on_data until resume(); on_end may still come
    void resume();
    [[nodiscard]] std::size_t queued_bytes() const noexcept;
    void shutdown_write(); // half-close once the queue is empty

private:
    struct State;
    using Handle = Owned<uv_pipe_t, std::shared_ptr<State>>;
    explicit Stream(Handle box) : box_(std::move(box)) {}
    Handle box_;
};

} // namespace processd::loop
