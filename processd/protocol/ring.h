// SPDX-License-Identifier: GPL-3.0-or-later
// processd/protocol/ring.h: a child's output, recorded by the keeper and read by the manager through one memfd.
// The memfd holds a header page and then `size` data bytes. Output is appended as chunks at ever growing 64-bit
// offsets; offset modulo size is the place. A full ring overwrites its oldest chunks. The writer moves tail first, then
// writes, then moves head, so a reader that finds tail behind its position after copying knows that the copy is whole.
// One writer, any number of readers; neither ever waits. Memory is the caller's and must outlive these objects.
#pragma once

#include "helpers/base/result.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace processd::protocol {

enum class Stream : std::uint8_t { out = 1, err = 2 };

inline constexpr std::size_t ring_header_size = 4096;
inline constexpr std::uint64_t ring_magic = 0x31474e4952435043; // "CPCRING1"
inline constexpr std::size_t max_chunk = 64 * 1024;             // payload of one chunk at most
inline constexpr std::uint64_t min_ring_size = 2 * max_chunk;   // data bytes: the newest chunk never meets itself

struct RingHeader {
    std::uint64_t magic;
    std::uint64_t size; // data bytes, a multiple of the page size
    std::uint64_t child;
    std::atomic<std::uint64_t> head;       // end of the newest chunk
    std::atomic<std::uint64_t> tail;       // start of the oldest chunk still whole
    std::atomic<std::uint64_t> written[2]; // payload bytes ever put in by stream, stored after head
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

struct ChunkHeader { // padded payload follows; chunks start at multiples of 8
    std::uint32_t size;
    Stream stream;
    std::uint8_t reserved[3];
    std::int64_t mono_ns;
    std::int64_t wall_ns;
    std::uint64_t stream_offset; // payload bytes of this stream before this chunk, dropped ones included
};
static_assert(sizeof(ChunkHeader) == 32);

struct Chunk {
    std::uint64_t offset; // where it starts in the ring
    Stream stream;
    std::int64_t mono_ns;
    std::int64_t wall_ns;
    std::uint64_t stream_offset;
    std::string data;
};

class RingWriter {
public:
    // Formats the memory as an empty ring. memory is ring_header_size + size zero bytes, page aligned.
    RingWriter(void* memory, std::uint64_t size, std::uint64_t child) noexcept;
    // Takes up a ring that another RingWriter has filled, for a keeper that replaced itself.
    explicit RingWriter(void* memory) noexcept;

    // Appends at most max_chunk bytes as one chunk, over the oldest ones where needed.
    void append(Stream stream, std::string_view data, std::int64_t mono_ns, std::int64_t wall_ns) noexcept;
    [[nodiscard]] std::uint64_t head() const noexcept { return header_->head.load(std::memory_order_relaxed); }

private:
    RingHeader* header_;
    char* data_;
    std::uint64_t size_;
};

class RingReader {
public:
    // Checks magic and that size fits the mapping; Errc::corrupt otherwise. The memory may change under our feet but
    // never makes a read leave the mapping.
    static base::Result<RingReader> open(const void* memory, std::size_t mapped);

    [[nodiscard]] std::uint64_t head() const noexcept { return header_->head.load(std::memory_order_acquire); }
    [[nodiscard]] std::uint64_t tail() const noexcept { return header_->tail.load(std::memory_order_acquire); }

    // Payload bytes of a stream so far, whether they are still in the ring or not. Ask before head(): a reader that
    // stands at that head has missed exactly what it has not counted up to this number.
    [[nodiscard]] std::uint64_t written(Stream stream) const noexcept
    {
        return header_->written[stream == Stream::err ? 1 : 0].load(std::memory_order_acquire);
    }

    // The chunk at *offset, and *offset moved behind it. If it has been overwritten, the oldest whole one is returned
    // and *skipped is true: compare stream_offset to know how many bytes of each stream are gone. False: nothing newer.
    bool next(std::uint64_t* offset, Chunk* chunk, bool* skipped) const;

private:
    RingReader(const RingHeader* header, const char* data, std::uint64_t size)
        : header_(header), data_(data), size_(size)
    {
    }
    void copy(std::uint64_t offset, char* to, std::size_t count) const noexcept;

    const RingHeader* header_;
    const char* data_;
    std::uint64_t size_;
};

} // namespace processd::protocol
