// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/ring_source.h"
#include "tests/processd/output/ring.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <thread>

using namespace processd;
using namespace processd::output;

namespace {

RingSource open(const test::Ring& ring, const Position& from = {})
{
    auto source = RingSource::open(ring.fd(), from);
    REQUIRE(source.has_value());
    return *std::move(source);
}

} // namespace

TEST_CASE("a source gives chunks in order and counts the bytes of each stream", "[output][ring_source]")
{
    test::Ring ring;
    auto source = open(ring);
    Piece piece;
    CHECK(!source.next(piece));
    CHECK(source.at_end());
    ring.out("one\n", 1);
    ring.err("two", 2);
    CHECK(!source.at_end());
    REQUIRE(source.next(piece));
    CHECK(piece.chunk.data == "one\n");
    CHECK(piece.chunk.mono_ns == 1'000'000);
    CHECK(piece.start == Position{});
    const auto between = source.position();
    REQUIRE(source.next(piece));
    CHECK(piece.chunk.stream == Stream::err);
    CHECK(piece.start == between);
    CHECK(!source.next(piece));
    CHECK(source.counts()[0] == model::StreamCount{4, 0});
    CHECK(source.counts()[1] == model::StreamCount{3, 0});

    auto next_manager = open(ring, position_from(between.offset, counts_of(between)));
    REQUIRE(next_manager.next(piece));
    CHECK(piece.chunk.data == "two");
    CHECK(next_manager.position() == source.position());
}

TEST_CASE("what was overwritten before it was read is counted exactly, by stream", "[output][ring_source]")
{
    test::Ring ring;
    auto source = open(ring);
    Piece piece;
    ring.out("kept");
    REQUIRE(source.next(piece));
    const std::string kb(1024, 'x');
    ring.err("lost whole"); // and nothing of this stream follows
    for (int i = 0; i < 400; ++i) ring.out(kb);
    std::uint64_t read = 0, told = 0;
    while (source.next(piece)) {
        read += piece.chunk.data.size();
        told += piece.dropped_before;
    }
    const auto counts = source.counts();
    CHECK(counts[0] == model::StreamCount{4 + 400 * 1024, told});
    CHECK(read + told == 400 * 1024);
    CHECK(told > 0);
    CHECK(counts[1] == model::StreamCount{10, 10});
    CHECK(source.counts() == counts); // counted once
    ring.err("more");
    REQUIRE(source.next(piece));
    CHECK(piece.dropped_before == 0);
    CHECK(source.counts()[1] == model::StreamCount{14, 10});
}

TEST_CASE("a reader that comes late counts what was before the first chunk that is left", "[output][ring_source]")
{
    test::Ring ring;
    for (int i = 0; i < 300; ++i) ring.out(std::string(1000, 'x'));
    auto source = open(ring);
    Piece piece;
    REQUIRE(source.next(piece));
    CHECK(piece.dropped_before == piece.chunk.stream_offset);
    CHECK(piece.dropped_before > 0);
    while (source.next(piece)) CHECK(piece.dropped_before == 0);
    CHECK(source.counts()[0].bytes == 300'000);
}

TEST_CASE("a position from before a gap counts the gap once", "[output][ring_source]")
{
    test::Ring ring;
    ring.out("seen and consumed");
    auto first = open(ring);
    Piece piece;
    REQUIRE(first.next(piece));
    const auto saved = first.position();
    for (int i = 0; i < 300; ++i) ring.out(std::string(1000, 'x'));
    auto second = open(ring, saved);
    std::uint64_t read = 0;
    while (second.next(piece)) read += piece.chunk.data.size();
    const auto out = second.counts()[0];
    CHECK(out.bytes == 300'017);
    CHECK(out.dropped + read == 300'000);
}

TEST_CASE("bytes and drops add up while the writer is faster than the reader", "[output][ring_source]")
{
    test::Ring ring;
    auto source = open(ring);
    constexpr std::uint64_t total = 30'000;
    std::atomic<bool> done{false};
    std::thread writer{[&] {
        for (std::uint64_t i = 0; i < total; ++i)
            ring.write(i % 3 == 0 ? Stream::err : Stream::out,
                       std::string(1 + i % 3000, static_cast<char>('a' + i % 26)));
        done = true;
    }};
    std::uint64_t read[2]{}, told[2]{};
    Piece piece;
    bool ordered = true;
    for (bool last = false; !last;) {
        last = done;
        while (source.next(piece)) {
            const auto s = piece.chunk.stream == Stream::err ? 1U : 0U;
            ordered = ordered && piece.chunk.stream_offset == read[s] + told[s] + piece.dropped_before;
            read[s] += piece.chunk.data.size();
            told[s] += piece.dropped_before;
        }
        static_cast<void>(source.counts());
    }
    writer.join();
    CHECK(ordered);
    std::uint64_t written[2]{};
    for (std::uint64_t i = 0; i < total; ++i) written[i % 3 == 0 ? 1 : 0] += 1 + i % 3000;
    for (const auto s : {0U, 1U}) {
        const auto count = source.counts()[s];
        CHECK(count.bytes == written[s]);
        CHECK(count.bytes - count.dropped == read[s]);
    }
}

TEST_CASE("a record's tail is the newest output, oldest first, and late bytes are marked", "[output][ring_source]")
{
    test::Ring ring;
    const auto source = open(ring);
    CHECK(source.tail(1000, 0).empty());
    ring.out("a", 1000);
    ring.out("b\n", 1050);  // joins its neighbour
    ring.out("c", 1200);    // too far in time
    ring.err("d", 1201);    // another stream
    ring.err("late", 1300); // after the leader's end
    const auto pieces = source.tail(1000, 1'250'000'000);
    REQUIRE(pieces.size() == 4);
    CHECK(pieces[0].data == "ab\n");
    CHECK(pieces[0].stream == "stdout");
    CHECK(base::to_ns(pieces[0].time) == test::ring_wall_ns + 1'000'000'000);
    CHECK(!pieces[0].late);
    CHECK(pieces[1].data == "c");
    CHECK(pieces[2].stream == "stderr");
    CHECK(!pieces[2].late);
    CHECK(pieces[3].data == "late");
    CHECK(pieces[3].late);
}

TEST_CASE("a tail holds no more than it may, and the newest bytes of all", "[output][ring_source]")
{
    test::Ring ring;
    const auto source = open(ring);
    std::string all;
    for (int i = 0; i < 100; ++i) {
        const std::string line = "line " + std::to_string(i) + "\n";
        all += line;
        ring.out(line);
    }
    const auto pieces = source.tail(164, 0);
    REQUIRE(pieces.size() == 1);
    CHECK(pieces[0].data == all.substr(all.size() - 100)); // 64 go for the piece itself

    for (int i = 0; i < 1000; ++i) ring.write(i % 2 == 0 ? Stream::out : Stream::err, "x", 5000);
    const auto tiny = source.tail(6500, 0);
    CHECK(tiny.size() == 100);
    CHECK(source.tail(10, 0).empty());
}

TEST_CASE("what is not a ring is refused", "[output][ring_source]")
{
    base::UniqueFd fd{::memfd_create("not a ring", MFD_CLOEXEC)};
    CHECK(RingSource::open(fd.get()).error().code == base::Errc::corrupt);
    REQUIRE(::ftruncate(fd.get(), 65'536) == 0);
    CHECK(RingSource::open(fd.get()).error().code == base::Errc::corrupt);
    CHECK(!RingSource::open(-1));
}

TEST_CASE("a source outlives the descriptor and moves", "[output][ring_source]")
{
    test::Ring ring;
    ring.out("text");
    const int copy = ::dup(ring.fd());
    auto source = RingSource::open(copy);
    ::close(copy);
    REQUIRE(source.has_value());
    auto moved = *std::move(source);
    RingSource other = open(ring);
    other = std::move(moved);
    Piece piece;
    REQUIRE(other.next(piece));
    CHECK(piece.chunk.data == "text");
}
