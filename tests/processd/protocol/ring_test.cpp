// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/protocol/ring.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <sys/mman.h>
#include <thread>

using namespace processd::protocol;

namespace {

// Shared memory as the keeper makes it, of the smallest size.
struct Memory {
    explicit Memory(std::uint64_t data_size = min_ring_size) : size(ring_header_size + data_size)
    {
        data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        REQUIRE(data != MAP_FAILED);
    }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() { ::munmap(data, size); }
    RingHeader* header() const { return static_cast<RingHeader*>(data); }
    RingReader reader() const
    {
        auto opened = RingReader::open(data, size);
        REQUIRE(opened);
        return *opened;
    }
    void* data;
    std::size_t size;
};

} // namespace

TEST_CASE("what is appended is read in order, with its stream, times and offsets", "[protocol][ring]")
{
    Memory memory;
    RingWriter writer{memory.data, min_ring_size, 7};
    const auto reader = memory.reader();
    writer.append(Stream::out, "one", 1, 11);
    writer.append(Stream::err, "two", 2, 12);
    writer.append(Stream::out, "", 3, 13);
    writer.append(Stream::out, "three", 4, 14);
    CHECK(memory.header()->child == 7);
    std::uint64_t offset = 0;
    Chunk chunk;
    bool skipped = true;
    REQUIRE(reader.next(&offset, &chunk, &skipped));
    CHECK_FALSE(skipped);
    CHECK(chunk.data == "one");
    CHECK(chunk.stream == Stream::out);
    CHECK(chunk.mono_ns == 1);
    CHECK(chunk.wall_ns == 11);
    CHECK(chunk.offset == 0);
    REQUIRE(reader.next(&offset, &chunk, &skipped));
    CHECK(chunk.data == "two");
    CHECK(chunk.stream == Stream::err);
    CHECK(chunk.stream_offset == 0);
    REQUIRE(reader.next(&offset, &chunk, &skipped));
    CHECK(chunk.data.empty());
    REQUIRE(reader.next(&offset, &chunk, &skipped));
    CHECK(chunk.data == "three");
    CHECK(chunk.stream_offset == 3);
    CHECK(offset == reader.head());
    CHECK_FALSE(reader.next(&offset, &chunk, &skipped));
    CHECK(reader.written(Stream::out) == 8);
    CHECK(reader.written(Stream::err) == 3);
}

TEST_CASE("a full ring gives up its oldest chunks, and what is left is whole", "[protocol][ring]")
{
    Memory memory;
    RingWriter writer{memory.data, min_ring_size, 1};
    std::string all;
    for (std::size_t i = 0; i < 3000; ++i) {
        const std::string data(i % 997, static_cast<char>('a' + i % 26));
        writer.append(Stream::out, data, 0, 0);
        all += data;
        CHECK(writer.head() - memory.reader().tail() <= min_ring_size);
    }
    const auto reader = memory.reader();
    std::uint64_t offset = 0;
    Chunk chunk;
    bool skipped = false;
    REQUIRE(reader.next(&offset, &chunk, &skipped));
    CHECK(skipped);
    const auto gap = chunk.stream_offset;
    std::string kept = chunk.data;
    while (reader.next(&offset, &chunk, &skipped)) {
        CHECK_FALSE(skipped);
        kept += chunk.data;
    }
    CHECK(gap + kept.size() == all.size());
    CHECK(all.substr(gap) == kept);
}

TEST_CASE("one chunk holds at most its limit, and two of them fit the smallest ring only one after the other",
          "[protocol][ring]")
{
    Memory memory;
    RingWriter writer{memory.data, min_ring_size, 1};
    const std::string large(max_chunk + 100, 'x');
    for (int i = 0; i < 5; ++i) writer.append(Stream::out, large, 0, 0);
    const auto reader = memory.reader();
    std::uint64_t offset = 0;
    Chunk chunk;
    bool skipped = false;
    int chunks = 0;
    while (reader.next(&offset, &chunk, &skipped)) {
        CHECK(chunk.data.size() == max_chunk);
        ++chunks;
    }
    CHECK(chunks == 1);
}

TEST_CASE("a writer that takes up a ring goes on with its totals, also of a stream that was overwritten",
          "[protocol][ring]")
{
    Memory memory;
    {
        RingWriter writer{memory.data, min_ring_size, 1};
        writer.append(Stream::err, "long ago", 0, 0);
        for (int i = 0; i < 200; ++i) writer.append(Stream::out, std::string(1000, 'o'), 0, 0);
    }
    RingWriter writer{memory.data};
    writer.append(Stream::err, "now", 0, 0);
    const auto reader = memory.reader();
    std::uint64_t offset = 0;
    Chunk chunk;
    Chunk last;
    bool skipped = false;
    while (reader.next(&offset, &chunk, &skipped)) last = chunk;
    CHECK(last.data == "now");
    CHECK(last.stream_offset == 8);
    CHECK(reader.written(Stream::out) == 200'000);
}

TEST_CASE("a reader beside a fast writer sees whole chunks and every gap", "[protocol][ring]")
{
    Memory memory;
    RingWriter writer{memory.data, min_ring_size, 1};
    std::atomic<bool> stop{false};
    std::thread writing([&] {
        for (std::uint64_t i = 0; !stop; ++i) {
            const auto size = 8 + i % 5000;
            std::string data(size, static_cast<char>(i % 251));
            std::memcpy(data.data(), &i, sizeof i);
            writer.append(Stream::out, data, static_cast<std::int64_t>(i), 0);
        }
    });
    const auto reader = memory.reader();
    std::uint64_t offset = 0;
    Chunk chunk;
    bool skipped = false;
    std::uint64_t expected = 0;
    std::uint64_t gaps = 0;
    std::uint64_t wrong = 0;
    for (int seen = 0; seen < 20'000;) {
        if (!reader.next(&offset, &chunk, &skipped)) continue;
        ++seen;
        std::uint64_t number = 0;
        std::memcpy(&number, chunk.data.data(), sizeof number);
        if (!skipped && number != expected) ++wrong;
        if (skipped && number <= expected) ++wrong;
        if (skipped) ++gaps;
        if (chunk.mono_ns != static_cast<std::int64_t>(number) || chunk.data.size() != 8 + number % 5000) ++wrong;
        for (std::size_t at = 8; at < chunk.data.size(); ++at)
            if (chunk.data[at] != static_cast<char>(number % 251)) {
                ++wrong;
                break;
            }
        expected = number + 1;
    }
    stop = true;
    writing.join();
    CHECK(wrong == 0);
    INFO(gaps << " gaps");
    CHECK(reader.written(Stream::out) > 0);
}

TEST_CASE("a ring that no writer made is refused, and a damaged one is not followed out of its mapping",
          "[protocol][ring]")
{
    Memory memory;
    CHECK_FALSE(RingReader::open(memory.data, memory.size)); // zeroes
    RingWriter writer{memory.data, min_ring_size, 1};
    CHECK(RingReader::open(memory.data, memory.size));
    CHECK_FALSE(RingReader::open(memory.data, 100));
    CHECK_FALSE(RingReader::open(memory.data, memory.size - 1));
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{8}, std::uint64_t{4096}, min_ring_size + 1,
                                     min_ring_size + 8, ~std::uint64_t{0}, ~std::uint64_t{7}}) {
        memory.header()->size = size;
        CHECK_FALSE(RingReader::open(memory.data, memory.size));
    }
    memory.header()->size = min_ring_size;
    const auto reader = memory.reader();
    std::memset(static_cast<char*>(memory.data) + ring_header_size, 0xff, min_ring_size); // chunks of 4 GiB
    memory.header()->head = 1'000'000;
    memory.header()->tail = 900'000;
    std::uint64_t offset = 0;
    Chunk chunk;
    bool skipped = false;
    CHECK_FALSE(reader.next(&offset, &chunk, &skipped));
    offset = ~std::uint64_t{0} - 5;
    CHECK_FALSE(reader.next(&offset, &chunk, &skipped));
}
