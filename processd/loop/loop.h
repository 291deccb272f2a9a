// SPDX-License-Identifier: GPL-3.0-or-later
// processd/loop/loop.h: the event loop and its simple sources. One thread. Callbacks arrive only from Loop::run(),
// never from inside a call of ours; destroying a source silences it at once, also from inside its own callback. A
// failing libuv init here means out of memory or descriptors for the loop itself and ends the program with a message.
#pragma once

#include "helpers/base/time.h"
#include "processd/loop/handle.h"

#include <functional>

namespace processd::loop {

// Comes first in main, hence dies last: its destructor runs the loop until the remaining close callbacks have come.
class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void run();  // until stop()
    void stop(); // after the current turn
    [[nodiscard]] uv_loop_t* raw() noexcept { return &loop_; }

private:
    uv_loop_t loop_{};
};

// One deadline at a time. Fires not before the deadline; one in the past fires in the next turn.
class Timer {
public:
    Timer(Loop& loop, std::function<void()> on_time);
    void at(base::Time deadline); // replaces an earlier deadline
    void cancel();
    [[nodiscard]] bool armed() const noexcept;

private:
    Owned<uv_timer_t, std::function<void()>> box_;
};

// Readiness of a descriptor that the caller owns and that must outlive this. events: UV_READABLE | UV_WRITABLE |
// UV_DISCONNECT | UV_PRIORITIZED; the callback gets those that hold.
class Poll {
public:
    Poll(Loop& loop, int fd, std::function<void(int events)> on_ready);
    void watch(int events); // 0 stops watching

private:
    Owned<uv_poll_t, std::function<void(int)>> box_;
};

// Wakes the loop from another thread; several wake() before the loop turns are one callback. wake() is thread safe, the
// rest is not: the owner ends the other thread before this is destroyed.
class Async {
public:
    Async(Loop& loop, std::function<void()> on_wake);
    void wake() noexcept;

private:
    Owned<uv_async_t, std::function<void()>> box_;
};

// Calls once in the same turn after all ready sources were handled: what several callbacks want done together (flush of
// a batch). Arm as often as you like; it fires once per arming turn.
class Deferred {
public:
    Deferred(Loop& loop, std::function<void()> on_turn_end);
    void arm();

private:
    // A check handle runs after polling, and an idle handle keeps the loop from sleeping before it did.
    Owned<uv_check_t, std::function<void()>> check_;
    Owned<uv_idle_t, std::function<void()>> idle_;
};

} // namespace processd::loop
