// SPDX-License-Identifier: GPL-3.0-or-later
// processd/loop/stream.h: a connected Unix stream socket on the loop. Owns the descriptor. Reads arrive as they come;
// writes are queued with their own buffers. Destroying the stream, also from inside its callbacks, closes the
// connection, forgets unwritten data and silences every callback. The first stream makes the process ignore SIGPIPE:
// libuv writes without MSG_NOSIGNAL, and a peer that left is told by on_end.
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
        std::function<void(std::string_view data)> on_data; // the bytes are valid during the call only
        // The peer is gone, or reading or writing failed: nothing more arrives and writes are forgotten. Once.
        std::function<void()> on_end;
        // Everything that write() had to queue is with the kernel now. Not called for a write that needed no queue.
        std::function<void()> on_drained;
        // The peer will send nothing more but may still read: writes go on, and on_end follows when it is gone
        // altogether, even if nothing is written. Without this callback such a peer counts as gone.
        std::function<void()> on_half_closed;
    };
    static base::Result<Stream> adopt(Loop& loop, base::UniqueFd fd, Events events);
    ~Stream();
    Stream(Stream&&) noexcept = default;
    Stream& operator=(Stream&& other) noexcept;

    void write(std::string data); // tries at once, queues the rest
    void pause();                 // no on_data until resume(), and a peer that leaves is noticed by writing only
    void resume();
    [[nodiscard]] std::size_t queued_bytes() const noexcept; // not yet with the kernel
    void shutdown_write();                                   // half-close once the queue is empty; writing is over

private:
    struct State;
    using Handle = Owned<uv_pipe_t, std::shared_ptr<State>>;
    explicit Stream(Handle box) : box_(std::move(box)) {}
    Handle box_;
};

} // namespace processd::loop
