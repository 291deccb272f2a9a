// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/loop/loop.h"

#include "helpers/base/log.h"

#include <cstdlib>
#include <unistd.h>

namespace processd::loop {
namespace {

using Fn = std::function<void()>;
using PollFn = std::function<void(int)>;

void must(int result, const char* what)
{
    if (result == 0) return;
    base::log::error("the event loop cannot be set up", {{"step", what}, {"reason", uv_strerror(result)}});
    ::_exit(70);
}

// libuv goes on running due timers until none is, also those started meanwhile: one that starts itself for "now" would
// keep all other sources from ever being looked at.
thread_local bool timers_running = false;

template <class Handle, class F> Owned<Handle, F> owned(std::unique_ptr<Box<Handle, F>> box)
{
    return Owned<Handle, F>(box.release());
}

} // namespace

Loop::Loop() { must(uv_loop_init(&loop_), "loop"); }

Loop::~Loop()
{
    // Whatever is still open belongs to an owner that outlives us: a mistake in main, better seen than hung.
    uv_walk(
        &loop_,
        [](uv_handle_t* handle, void*) {
            if (uv_is_closing(handle) == 0)
                base::log::error("an event source outlives the loop", {{"type", uv_handle_type_name(handle->type)}});
        },
        nullptr);
    while (uv_run(&loop_, UV_RUN_NOWAIT) != 0) {
        bool closing = false;
        uv_walk(
            &loop_, [](uv_handle_t* handle, void* any) { *static_cast<bool*>(any) |= uv_is_closing(handle) != 0; },
            &closing);
        if (!closing) break;
    }
    uv_loop_close(&loop_);
}

void Loop::run() { uv_run(&loop_, UV_RUN_DEFAULT); }
void Loop::stop() { uv_stop(&loop_); }

Timer::Timer(Loop& loop, Fn on_time)
{
    auto box = make_box<uv_timer_t>(std::move(on_time));
    must(uv_timer_init(loop.raw(), &box->handle), "timer");
    box_ = owned(std::move(box));
}

void Timer::at(base::Time deadline)
{
    // libuv fires when its clock, CLOCK_MONOTONIC in whole milliseconds and rounded down, has come to the sum of its
    // cached time and what is left: both ends in its milliseconds, the deadline rounded up, so that it never fires
    // early.
    uv_update_time(box_->handle.loop);
    const auto due = std::chrono::ceil<std::chrono::milliseconds>(deadline.time_since_epoch()).count();
    const auto left = due - static_cast<std::int64_t>(uv_now(box_->handle.loop));
    const std::uint64_t soonest = timers_running ? 1U : 0U;
    uv_timer_start(
        &box_->handle,
        [](uv_timer_t* h) {
            timers_running = true;
            deliver<Fn>(h);
            timers_running = false;
        },
        left > 0 ? static_cast<std::uint64_t>(left) : soonest, 0);
}

void Timer::cancel() { uv_timer_stop(&box_->handle); }
bool Timer::armed() const noexcept { return uv_is_active(reinterpret_cast<const uv_handle_t*>(&box_->handle)) != 0; }

Poll::Poll(Loop& loop, int fd, PollFn on_ready)
{
    auto box = make_box<uv_poll_t>(std::move(on_ready));
    must(uv_poll_init(loop.raw(), &box->handle, fd), "poll");
    box_ = owned(std::move(box));
}

void Poll::watch(int events)
{
    if (events == 0) {
        uv_poll_stop(&box_->handle);
        return;
    }
    // An error on the descriptor is told as everything being ready: the next read or write learns the errno.
    must(uv_poll_start(&box_->handle, events,
                       [](uv_poll_t* h, int status, int ready) {
                           deliver<PollFn>(h, status < 0 ? UV_READABLE | UV_WRITABLE | UV_DISCONNECT : ready);
                       }),
         "poll start");
}

Async::Async(Loop& loop, Fn on_wake)
{
    auto box = make_box<uv_async_t>(std::move(on_wake));
    must(uv_async_init(loop.raw(), &box->handle, [](uv_async_t* h) { deliver<Fn>(h); }), "async");
    box_ = owned(std::move(box));
}

void Async::wake() noexcept { uv_async_send(&box_->handle); }

Deferred::Deferred(Loop& loop, Fn on_turn_end)
{
    auto check = make_box<uv_check_t>(std::move(on_turn_end));
    must(uv_check_init(loop.raw(), &check->handle), "check");
    check_ = owned(std::move(check));
    auto idle = make_box<uv_idle_t>(Fn{});
    must(uv_idle_init(loop.raw(), &idle->handle), "idle");
    idle_ = owned(std::move(idle));
    // The idle handle is stopped by the check, which finds it by this pointer; both live and die with this object's
    // boxes.
    check_->on_event = [idle_handle = &idle_->handle, check_handle = &check_->handle,
                        fn = std::move(check_->on_event)] {
        uv_idle_stop(idle_handle);
        uv_check_stop(check_handle);
        fn();
    };
}

void Deferred::arm()
{
    uv_idle_start(&idle_->handle, [](uv_idle_t*) {});
    uv_check_start(&check_->handle, [](uv_check_t* h) { deliver<Fn>(h); });
}

} // namespace processd::loop
