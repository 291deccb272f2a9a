// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/loop/stream.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <poll.h>

namespace processd::loop {
namespace {

// libuv leaves a socket alone once it has read its end, so what remains to be noticed on a half-closed one is watched
// on a duplicate. Asking for urgent data, which Unix sockets do not have, leaves EPOLLHUP and EPOLLERR.
struct HangUp {
    base::UniqueFd fd;
    std::optional<Poll> poll;
};

} // namespace

struct Stream::State {
    Loop& loop;
    Events events;
    bool ended = false;
    std::optional<HangUp> hang_up{};
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
    std::shared_ptr<S> state; // keeps the callbacks alive while they destroy their stream
};

template <class S> void end(S& state)
{
    if (std::exchange(state.ended, true)) return;
    if (state.events.on_end) state.events.on_end();
}

template <class S> void read_end(S& state, uv_stream_t* stream)
{
    int fd = -1;
    uv_fileno(reinterpret_cast<uv_handle_t*>(stream), &fd);
    if (!state.events.on_half_closed) return end(state);
    // Watched first and asked afterwards, so that a peer that leaves in between is not missed.
    auto& watch = state.hang_up.emplace();
    watch.fd.reset(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!watch.fd) return end(state);
    watch.poll.emplace(state.loop, watch.fd.get(), [&state](int) {
        state.hang_up->poll->watch(0); // a hang-up stays; once is enough
        end(state);
    });
    watch.poll->watch(UV_PRIORITIZED);
    pollfd now{fd, 0, 0};
    if (::poll(&now, 1, 0) > 0 && (now.revents & (POLLHUP | POLLERR)) != 0) return end(state);
    state.events.on_half_closed();
}

template <class S> std::shared_ptr<S> state_of(uv_stream_t* stream)
{
    return static_cast<Box<uv_pipe_t, std::shared_ptr<S>>*>(stream->data)->on_event;
}

template <class S> void on_read(uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer)
{
    if (uv_is_closing(reinterpret_cast<uv_handle_t*>(stream)) != 0 || n == 0) return;
    const auto state = state_of<S>(stream); // keeps the callbacks alive while they destroy their stream
    if (state->ended)
        uv_read_stop(stream); // writing had failed before
    else if (n == UV_EOF)
        read_end(*state, stream);
    else if (n < 0)
        end(*state);
    else
        state->events.on_data({buffer->base, static_cast<std::size_t>(n)});
}

} // namespace

base::Result<Stream> Stream::adopt(Loop& loop, base::UniqueFd fd, Events events)
{
    static const auto ignored = std::signal(SIGPIPE, SIG_IGN);
    (void)ignored;
    auto state = std::make_shared<State>(State{loop, std::move(events)});
    auto box = make_box<uv_pipe_t>(std::move(state));
    if (const int r = uv_pipe_init(loop.raw(), &box->handle, 0); r != 0) return base::fail(-r, "set up a connection");
    Handle owned(box.release());
    if (const int r = uv_pipe_open(&owned->handle, fd.get()); r != 0) return base::fail(-r, "take up a connection");
    (void)fd.release();
    Stream stream(std::move(owned));
    stream.resume();
    return stream;
}

Stream::~Stream()
{
    if (box_) box_->on_event->hang_up.reset(); // the state itself lives until libuv is done with the socket
}

Stream& Stream::operator=(Stream&& other) noexcept
{
    if (this != &other) {
        const Stream old(std::move(box_));
        box_ = std::move(other.box_);
    }
    return *this;
}

void Stream::write(std::string data)
{
    auto& state = *box_->on_event;
    if (state.ended || data.empty()) return;
    auto* stream = reinterpret_cast<uv_stream_t*>(&box_->handle);
    uv_buf_t rest{data.data(), data.size()};
    if (const int n = uv_try_write(stream, &rest, 1); n > 0) { // refuses while something is queued
        const auto written = static_cast<std::size_t>(n);
        if (written == data.size()) return;
        rest = {data.data() + written, data.size() - written};
    }
    auto request = std::make_unique<WriteRequest<State>>();
    const auto offset = static_cast<std::size_t>(rest.base - data.data());
    request->data = std::move(data);
    request->state = box_->on_event;
    request->request.data = request.get();
    rest.base = request->data.data() + offset; // a short string moves with its object
    const int r = uv_write(&request->request, stream, &rest, 1, [](uv_write_t* done, int status) {
        const std::unique_ptr<WriteRequest<State>> owner(static_cast<WriteRequest<State>*>(done->data));
        auto& s = *owner->state;
        if (uv_is_closing(reinterpret_cast<uv_handle_t*>(done->handle)) != 0 || s.ended) return;
        if (status < 0)
            end(s);
        else if (uv_stream_get_write_queue_size(done->handle) == 0 && s.events.on_drained)
            s.events.on_drained();
    });
    if (r == 0) (void)request.release(); // else the socket was half-closed by us: nobody would read it
}

void Stream::pause() { uv_read_stop(reinterpret_cast<uv_stream_t*>(&box_->handle)); }

void Stream::resume()
{
    if (box_->on_event->ended || box_->on_event->hang_up) return;
    uv_read_start(
        reinterpret_cast<uv_stream_t*>(&box_->handle),
        [](uv_handle_t*, std::size_t, uv_buf_t* buffer) {
            buffer->base = read_buffer().data();
            buffer->len = read_buffer().size();
        },
        on_read<State>);
}

std::size_t Stream::queued_bytes() const noexcept
{
    return uv_stream_get_write_queue_size(reinterpret_cast<const uv_stream_t*>(&box_->handle));
}

void Stream::shutdown_write()
{
    auto request = std::make_unique<uv_shutdown_t>();
    const int r = uv_shutdown(request.get(), reinterpret_cast<uv_stream_t*>(&box_->handle),
                              [](uv_shutdown_t* done, int) { delete done; });
    if (r == 0) (void)request.release(); // else the other side is gone already
}

} // namespace processd::loop
