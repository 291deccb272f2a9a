// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/loop/stream.h"

#include <array>

namespace processd::loop {

struct Stream::State {
    Events events;
    std::size_t queued = 0;
    bool ended = false;
};

namespace {

constexpr std::size_t read_size = 64 * 1024;

// One loop, one thread, and libuv reads right after asking for memory: one buffer serves all connections.
std::array<char, read_size>& read_buffer()
{
    static std::array<char, read_size> buffer;
    return buffer;
}

template <class S> struct WriteRequest {
    uv_write_t request{};
    std::string data;
    std::shared_ptr<S> state;
};

template <class S> void end(const std::shared_ptr<S>& state)
{
    if (std::exchange(state->ended, true)) return;
    if (state->events.on_end) state->events.on_end();
}

template <class S> std::shared_ptr<S> state_of(uv_stream_t* stream)
{
    return static_cast<Box<uv_pipe_t, std::shared_ptr<S>>*>(stream->data)->on_event;
}

template <class S> void on_read(uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer)
{
    if (uv_is_closing(reinterpret_cast<uv_handle_t*>(stream)) != 0 || n == 0) return;
    const auto state = state_of<S>(stream); // keeps the callbacks alive while they destroy their stream
    if (n < 0)
        end(state);
    else
        state->events.on_data({buffer->base, static_cast<std::size_t>(n)});
}

} // namespace

base::Result<Stream> Stream::adopt(Loop& loop, base::UniqueFd fd, Events events)
{
    auto state = std::make_shared<State>();
    state->events = std::move(events);
    auto box = make_box<uv_pipe_t>(state);
    if (const int r = uv_pipe_init(loop.raw(), &box->handle, 0); r != 0) return base::fail(-r, "set up a connection");
    Handle owned(box.release());
    if (const int r = uv_pipe_open(&owned->handle, fd.get()); r != 0) return base::fail(-r, "take up a connection");
    (void)fd.release();
    Stream stream(std::move(owned));
    stream.resume();
    return stream;
}

void Stream::write(std::string data)
{
    auto& state = *box_->on_event;
    if (state.ended || data.empty()) return;
    auto* stream = reinterpret_cast<uv_stream_t*>(&box_->handle);
    if (state.queued == 0) {
        uv_buf_t now{data.data(), data.size()};
        const int n = uv_try_write(stream, &now, 1);
        if (n > 0) data.erase(0, static_cast<std::size_t>(n));
        if (data.empty()) return;
    }
    auto request = std::make_unique<WriteRequest<State>>();
    request->data = std::move(data);
    request->state = box_->on_event;
    request->request.data = request.get();
    uv_buf_t buffer{request->data.data(), request->data.size()};
    state.queued += request->data.size();
    const int r = uv_write(&request->request, stream, &buffer, 1, [](uv_write_t* done, int status) {
        const std::unique_ptr<WriteRequest<State>> owner(static_cast<WriteRequest<State>*>(done->data));
        auto& s = owner->state;
        s->queued -= owner->data.size();
        if (uv_is_closing(reinterpret_cast<uv_handle_t*>(done->handle)) != 0) return;
        if (status < 0)
            end(s);
        else if (s->queued == 0 && !s->ended && s->events.on_drained)
            s->events.on_drained();
    });
    if (r == 0)
        (void)request.release();
    else
        state.queued -= request->data.size();
}

void Stream::pause() { uv_read_stop(reinterpret_cast<uv_stream_t*>(&box_->handle)); }

void Stream::resume()
{
    uv_read_start(
        reinterpret_cast<uv_stream_t*>(&box_->handle),
        [](uv_handle_t*, std::size_t, uv_buf_t* buffer) {
            buffer->base = read_buffer().data();
            buffer->len = read_buffer().size();
        },
        on_read<State>);
}

std::size_t Stream::queued_bytes() const noexcept { return box_->on_event->queued; }

void Stream::shutdown_write()
{
    auto* request = new uv_shutdown_t{};
    const int r = uv_shutdown(request, reinterpret_cast<uv_stream_t*>(&box_->handle),
                              [](uv_shutdown_t* done, int) { delete done; });
    if (r != 0) delete request;
}

} // namespace processd::loop
