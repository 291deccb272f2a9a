// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/loop/loop.h"

#include "helpers/base/unique_fd.h"

#include <array>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <optional>
#include <sys/socket.h>
#include <thread>

using namespace processd::loop;
using namespace std::chrono_literals;

namespace {

struct Pipe {
    base::UniqueFd read, write;
    Pipe()
    {
        std::array<int, 2> fds{};
        REQUIRE(::pipe2(fds.data(), O_CLOEXEC | O_NONBLOCK) == 0);
        read.reset(fds[0]);
        write.reset(fds[1]);
    }
    void fill() const { REQUIRE(::write(write.get(), "x", 1) == 1); }
};

} // namespace

TEST_CASE("a timer does not fire before its deadline, wherever in a millisecond it lies", "[loop]")
{
    Loop loop;
    std::function<void()> again;
    Deferred busy(loop, [&] { again(); }); // a loop that turns all the time sees a timer come due at any instant
    again = [&] { busy.arm(); };
    base::Time fired{};
    Timer timer(loop, [&] {
        fired = base::now();
        loop.stop();
    });
    for (auto part = 0us; part < 1000us; part += 70us) {
        const auto start = std::chrono::ceil<std::chrono::milliseconds>(base::now()) + part;
        while (base::now() < start) {}
        const auto deadline = start + 2ms;
        timer.at(deadline);
        CHECK(timer.armed());
        busy.arm();
        loop.run();
        CHECK(fired >= deadline);
        CHECK_FALSE(timer.armed());
    }
}

TEST_CASE("a deadline in the past fires in the next turn, and a later deadline replaces an earlier one", "[loop]")
{
    Loop loop;
    std::string order;
    Timer past(loop, [&] { order += "past "; });
    Timer moved(loop, [&] {
        order += "moved ";
        loop.stop();
    });
    moved.at(base::now());
    moved.at(base::now() + 5ms);
    past.at(base::now() - 1h);
    CHECK(order.empty());
    loop.run();
    CHECK(order == "past moved ");
}

TEST_CASE("a timer that always starts itself for now leaves other sources their turn", "[loop]")
{
    Loop loop;
    const Pipe pipe;
    pipe.fill();
    Poll poll(loop, pipe.read.get(), [&](int) { loop.stop(); });
    poll.watch(UV_READABLE);
    std::optional<Timer> timer;
    timer.emplace(loop, [&] { timer->at(base::now()); });
    timer->at(base::now());
    loop.run();
    CHECK(timer->armed());
}

TEST_CASE("a cancelled timer does not fire and leaves the loop nothing to wait for", "[loop]")
{
    Loop loop;
    bool fired = false;
    Timer timer(loop, [&] { fired = true; });
    timer.at(base::now() + 1ms);
    timer.cancel();
    loop.run(); // returns, as nothing is active
    CHECK_FALSE(fired);
}

TEST_CASE("a timer may be destroyed by its own callback and by another's", "[loop]")
{
    Loop loop;
    int fired = 0;
    std::optional<Timer> itself, other;
    const auto deadline = base::now();
    itself.emplace(loop, [&] {
        ++fired;
        itself.reset();
        other.reset(); // due as well, and silent from here on
    });
    other.emplace(loop, [&] { fired += 10; });
    itself->at(deadline);
    other->at(deadline);
    loop.run();
    CHECK(fired == 1);
}

TEST_CASE("a poll tells readiness until it is told to stop, and watching again works", "[loop]")
{
    Loop loop;
    const Pipe pipe;
    int seen = 0;
    std::optional<Poll> poll;
    poll.emplace(loop, pipe.read.get(), [&](int events) {
        CHECK(events == UV_READABLE);
        if (++seen == 3) poll->watch(0); // the byte stays unread
    });
    pipe.fill();
    poll->watch(UV_READABLE);
    loop.run();
    CHECK(seen == 3);
    seen = 2;
    poll->watch(UV_READABLE);
    loop.run();
    CHECK(seen == 3);
}

TEST_CASE("a poll destroyed in its own callback is silent, and its descriptor may be closed at once", "[loop]")
{
    Loop loop;
    Pipe pipe;
    int seen = 0;
    std::optional<Poll> poll;
    poll.emplace(loop, pipe.read.get(), [&](int) {
        ++seen;
        poll.reset();
        pipe.read.reset();
        Pipe same_number; // takes up the descriptor's number while libuv is still closing
        CHECK(same_number.read);
    });
    pipe.fill();
    poll->watch(UV_READABLE);
    loop.run();
    CHECK(seen == 1);
}

TEST_CASE("a poll tells that the other end has hung up", "[loop]")
{
    Loop loop;
    Pipe pipe;
    bool told = false;
    std::optional<Poll> poll;
    poll.emplace(loop, pipe.read.get(), [&](int) {
        told = true;
        poll.reset();
    });
    poll->watch(UV_READABLE | UV_DISCONNECT);
    pipe.write.reset();
    loop.run();
    CHECK(told);
}

TEST_CASE("an async wakes the loop from another thread, many wakes making at least one callback", "[loop]")
{
    Loop loop;
    int woken = 0;
    std::optional<Async> async;
    async.emplace(loop, [&] {
        ++woken;
        loop.stop();
    });
    std::thread other([&] {
        for (int i = 0; i < 100; ++i) async->wake();
    });
    loop.run();
    other.join();
    CHECK(woken >= 1);
    CHECK(woken <= 100);
    async.reset();
}

TEST_CASE("deferred work comes once, in the same turn, behind all sources that were ready", "[loop]")
{
    Loop loop;
    const Pipe one, two;
    std::string order;
    std::optional<Poll> first, second;
    Deferred deferred(loop, [&] { order += "deferred "; });
    const auto on_ready = [&](std::optional<Poll>& poll) {
        return [&](int) {
            order += "source ";
            deferred.arm();
            deferred.arm();
            poll.reset();
        };
    };
    first.emplace(loop, one.read.get(), on_ready(first));
    second.emplace(loop, two.read.get(), on_ready(second));
    one.fill();
    two.fill();
    first->watch(UV_READABLE);
    second->watch(UV_READABLE);
    loop.run();
    CHECK(order == "source source deferred ");
}

TEST_CASE("deferred work armed by a timer does not wait for something else to happen", "[loop]")
{
    Loop loop;
    const Pipe silent;
    Poll never(loop, silent.read.get(), [](int) {});
    never.watch(UV_READABLE);
    bool came = false;
    Deferred deferred(loop, [&] {
        came = true;
        never.watch(0);
    });
    Timer timer(loop, [&] { deferred.arm(); });
    timer.at(base::now());
    loop.run();
    CHECK(came);
}

TEST_CASE("deferred work may arm itself again for the next turn, and may destroy itself", "[loop]")
{
    Loop loop;
    int turns = 0;
    std::optional<Deferred> deferred;
    deferred.emplace(loop, [&] {
        if (++turns < 3)
            deferred->arm();
        else
            deferred.reset();
    });
    deferred->arm();
    loop.run();
    CHECK(turns == 3);
}

TEST_CASE("sources move without losing their callbacks", "[loop]")
{
    Loop loop;
    int fired = 0;
    Timer timer(loop, [&] { ++fired; });
    Deferred deferred(loop, [&] { ++fired; });
    Timer moved_timer = std::move(timer);
    Deferred moved_deferred = std::move(deferred);
    moved_timer.at(base::now());
    moved_deferred.arm();
    loop.run();
    CHECK(fired == 2);
}
