// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/loop/stream.h"

#include <array>
#include <catch2/catch.hpp>
#include <dirent.h>
#include <fcntl.h>
#include <optional>
#include <sys/socket.h>

using namespace processd::loop;
using namespace std::chrono_literals;

namespace {

// Our end as a Stream and the other end as a plain descriptor, non-blocking.
struct Pair {
    Loop loop;
    base::UniqueFd peer;
    std::optional<Stream> stream;
    std::string received, log;
    std::optional<Timer> guard; // a test that hangs fails instead

    explicit Pair(bool half_close = false)
    {
        std::array<int, 2> fds{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()) == 0);
        peer.reset(fds[1]);
        Stream::Events events{[this](std::string_view data) { received += data; },
                              [this] {
                                  log += "end ";
                                  loop.stop();
                              },
                              [this] {
                                  log += "drained ";
                                  loop.stop();
                              },
                              nullptr};
        if (half_close)
            events.on_half_closed = [this] {
                log += "half ";
                loop.stop();
            };
        auto adopted = Stream::adopt(loop, base::UniqueFd{fds[0]}, std::move(events));
        REQUIRE(adopted);
        stream = std::move(*adopted);
        guard.emplace(loop, [this] {
            log += "hung ";
            loop.stop();
        });
    }
    void run()
    {
        guard->at(base::now() + 20s);
        loop.run();
        guard->cancel();
    }
    void say(std::string_view text) const
    {
        REQUIRE(::send(peer.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
    }
    // Everything the peer can read now; "<eof>" behind it at the end.
    [[nodiscard]] std::string hear() const
    {
        std::string heard;
        std::array<char, 65536> buffer{};
        for (;;) {
            const ssize_t n = ::recv(peer.get(), buffer.data(), buffer.size(), 0);
            if (n > 0) heard.append(buffer.data(), static_cast<std::size_t>(n));
            if (n == 0) return heard + "<eof>";
            if (n < 0) return heard;
        }
    }
};

std::size_t open_descriptors()
{
    std::size_t count = 0;
    DIR* dir = ::opendir("/proc/self/fd");
    REQUIRE(dir != nullptr);
    while (::readdir(dir) != nullptr) ++count;
    ::closedir(dir);
    return count;
}

} // namespace

TEST_CASE("a stream reads what came before its peer left, then tells the end once", "[loop][stream]")
{
    Pair pair;
    pair.say("hello");
    pair.peer.reset();
    pair.run();
    CHECK(pair.received == "hello");
    CHECK(pair.log == "end ");
}

TEST_CASE("a write that the kernel takes at once needs no queue and no callback", "[loop][stream]")
{
    Pair pair;
    pair.stream->write("hello");
    CHECK(pair.stream->queued_bytes() == 0);
    CHECK(pair.hear() == "hello");
}

TEST_CASE("what a slow peer does not take is queued, counted down as it reads, and told when it is gone",
          "[loop][stream]")
{
    Pair pair;
    const std::string big(3'000'000, 'x');
    pair.stream->write(big);
    const std::size_t first = pair.stream->queued_bytes();
    CHECK(first > 0);
    CHECK(first < big.size());
    pair.stream->write("the end"); // keeps its order behind the queue

    std::string heard;
    bool seen_less = false;
    std::optional<Timer> reader;
    reader.emplace(pair.loop, [&] {
        heard += pair.hear();
        const std::size_t queued = pair.stream->queued_bytes();
        seen_less |= queued > 0 && queued < first;
        reader->at(base::now() + 1ms);
    });
    reader->at(base::now());
    pair.run();
    reader.reset();
    heard += pair.hear();
    CHECK(pair.log == "drained ");
    CHECK(seen_less);
    CHECK(heard == big + "the end");
}

TEST_CASE("a stream may be destroyed while it tells data, and tells nothing more", "[loop][stream]")
{
    Pair pair;
    int told = 0;
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
    const base::UniqueFd other(fds[1]);
    std::optional<Stream> doomed;
    auto adopted = Stream::adopt(pair.loop, base::UniqueFd{fds[0]},
                                 {[&](std::string_view data) {
                                      ++told;
                                      doomed.reset();
                                      CHECK(data == "first"); // the bytes outlive the stream during the call
                                      pair.loop.stop();
                                  },
                                  [&] { told += 10; }, nullptr, nullptr});
    REQUIRE(adopted);
    doomed = std::move(*adopted);
    REQUIRE(::send(other.get(), "first", 5, 0) == 5);
    pair.run();
    CHECK(told == 1);
    std::array<char, 8> buffer{};
    CHECK(::recv(other.get(), buffer.data(), buffer.size(), 0) == 0); // really closed
}

TEST_CASE("a stream may be destroyed while it tells its end", "[loop][stream]")
{
    Pair pair;
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
    std::optional<Stream> doomed;
    auto adopted = Stream::adopt(pair.loop, base::UniqueFd{fds[0]},
                                 {[](std::string_view) {},
                                  [&] {
                                      doomed.reset();
                                      pair.loop.stop();
                                  },
                                  nullptr, nullptr});
    REQUIRE(adopted);
    doomed = std::move(*adopted);
    ::close(fds[1]);
    pair.run();
    CHECK_FALSE(doomed);
}

TEST_CASE("a stream destroyed with a full queue forgets it and calls nobody", "[loop][stream]")
{
    const std::size_t before = open_descriptors();
    {
        Pair pair;
        pair.stream->write(std::string(3'000'000, 'x'));
        pair.stream->shutdown_write();
        REQUIRE(pair.stream->queued_bytes() > 0);
        pair.stream.reset();
        Timer soon(pair.loop, [&] { pair.loop.stop(); });
        soon.at(base::now() + 1ms);
        pair.run();
        CHECK(pair.log.empty());
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("a write to a peer that left tells the end instead of killing the process", "[loop][stream]")
{
    Pair pair;
    pair.stream->pause(); // so that only writing can notice
    pair.peer.reset();
    pair.stream->write("to nobody");
    CHECK(pair.log.empty()); // never from inside a call of ours
    pair.run();
    CHECK(pair.log == "end ");
    pair.stream->write("still nobody");
    pair.stream->resume();
    Timer soon(pair.loop, [&] { pair.loop.stop(); });
    soon.at(base::now() + 1ms);
    pair.run();
    CHECK(pair.log == "end ");
}

TEST_CASE("a paused stream leaves data with the kernel until it is resumed", "[loop][stream]")
{
    Pair pair;
    pair.stream->pause();
    pair.say("later");
    Timer soon(pair.loop, [&] { pair.loop.stop(); });
    soon.at(base::now() + 1ms);
    pair.run();
    CHECK(pair.received.empty());
    pair.stream->resume();
    pair.peer.reset();
    pair.run();
    CHECK(pair.received == "later");
    CHECK(pair.log == "end ");
}

TEST_CASE("a half-closed peer is written to, and noticed when it leaves altogether without a write", "[loop][stream]")
{
    Pair pair(true);
    pair.say("question");
    REQUIRE(::shutdown(pair.peer.get(), SHUT_WR) == 0);
    pair.run();
    CHECK(pair.received == "question");
    CHECK(pair.log == "half ");
    pair.stream->write("answer");
    CHECK(pair.hear() == "answer");
    pair.stream->pause();
    pair.stream->resume(); // does not tell the same end again
    pair.peer.reset();
    pair.run();
    CHECK(pair.log == "half end ");
}

TEST_CASE("a peer that closed is not taken for a half-closed one", "[loop][stream]")
{
    Pair pair(true);
    pair.say("question");
    pair.peer.reset();
    pair.run();
    CHECK(pair.received == "question");
    CHECK(pair.log == "end ");
}

TEST_CASE("a half-closed stream may be destroyed while its peer is watched", "[loop][stream]")
{
    const std::size_t before = open_descriptors();
    {
        Pair pair(true);
        REQUIRE(::shutdown(pair.peer.get(), SHUT_WR) == 0);
        pair.run();
        REQUIRE(pair.log == "half ");
        pair.stream.reset();
        CHECK(pair.hear() == "<eof>");
        pair.peer.reset();
        Timer soon(pair.loop, [&] { pair.loop.stop(); });
        soon.at(base::now() + 1ms);
        pair.run();
        CHECK(pair.log == "half ");
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("without a callback for it a half-closed peer counts as gone", "[loop][stream]")
{
    Pair pair;
    REQUIRE(::shutdown(pair.peer.get(), SHUT_WR) == 0);
    pair.run();
    CHECK(pair.log == "end ");
}

TEST_CASE("shutting down writing lets the queue out first and goes on reading", "[loop][stream]")
{
    Pair pair(true);
    const std::string big(1'000'000, 'x');
    pair.stream->write(big);
    pair.stream->shutdown_write();
    std::string heard;
    std::optional<Timer> reader;
    reader.emplace(pair.loop, [&] {
        heard += pair.hear();
        if (heard.ends_with("<eof>"))
            pair.loop.stop();
        else
            reader->at(base::now());
    });
    reader->at(base::now());
    while (!heard.ends_with("<eof>")) pair.run();
    reader.reset();
    CHECK(heard == big + "<eof>");
    pair.say("thanks");
    pair.peer.reset();
    pair.run();
    CHECK(pair.received == "thanks");
}

TEST_CASE("assigning a stream closes the one that was there", "[loop][stream]")
{
    Pair one(true);
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()) == 0);
    const base::UniqueFd other(fds[1]);
    auto second = Stream::adopt(one.loop, base::UniqueFd{fds[0]}, {[](std::string_view) {}, nullptr, nullptr, nullptr});
    REQUIRE(second);
    *one.stream = std::move(*second);
    CHECK(one.hear() == "<eof>");
    one.stream->write("second");
    std::array<char, 8> buffer{};
    CHECK(::recv(other.get(), buffer.data(), buffer.size(), 0) == 6);
}
