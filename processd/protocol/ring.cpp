// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/protocol/ring.h"

#include <algorithm>
#include <cstring>

namespace processd::protocol {
namespace {

constexpr std::uint64_t padded(std::uint64_t n) { return (n + 7) & ~std::uint64_t{7}; }

void put(char* data, std::uint64_t size, std::uint64_t offset, const void* from, std::size_t count) noexcept
{
    const auto at = offset % size;
    const auto first = std::min<std::uint64_t>(count, size - at);
    std::memcpy(data + at, from, first);
    std::memcpy(data, static_cast<const char*>(from) + first, count - first);
}

void get(const char* data, std::uint64_t size, std::uint64_t offset, void* to, std::size_t count) noexcept
{
    const auto at = offset % size;
    const auto first = std::min<std::uint64_t>(count, size - at);
    std::memcpy(to, data + at, first);
    std::memcpy(static_cast<char*>(to) + first, data, count - first);
}

int index_of(Stream stream) { return stream == Stream::err ? 1 : 0; }

} // namespace

RingWriter::RingWriter(void* memory, std::uint64_t size, std::uint64_t child) noexcept
    : header_(static_cast<RingHeader*>(memory)), data_(static_cast<char*>(memory) + ring_header_size), size_(size)
{
    header_->size = size;
    header_->child = child;
    header_->magic = ring_magic;
}

RingWriter::RingWriter(void* memory) noexcept
    : header_(static_cast<RingHeader*>(memory)),
      data_(static_cast<char*>(memory) + ring_header_size),
      size_(header_->size)
{
}

void RingWriter::append(Stream stream, std::string_view data, std::int64_t mono_ns, std::int64_t wall_ns) noexcept
{
    data = data.substr(0, max_chunk);
    const auto head = header_->head.load(std::memory_order_relaxed);
    const auto end = head + sizeof(ChunkHeader) + padded(data.size());
    auto tail = header_->tail.load(std::memory_order_relaxed);
    while (end - tail > size_) {
        ChunkHeader oldest;
        get(data_, size_, tail, &oldest, sizeof oldest);
        tail += sizeof oldest + padded(oldest.size);
    }
    header_->tail.store(tail, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release); // readers see the new tail before any byte it gave up

    auto& total = header_->written[index_of(stream)];
    const auto before = total.load(std::memory_order_relaxed);
    const ChunkHeader chunk{static_cast<std::uint32_t>(data.size()), stream, {}, mono_ns, wall_ns, before};
    put(data_, size_, head, &chunk, sizeof chunk);
    put(data_, size_, head + sizeof chunk, data.data(), data.size());
    header_->head.store(end, std::memory_order_release);
    total.store(before + data.size(), std::memory_order_release);
}

base::Result<RingReader> RingReader::open(const void* memory, std::size_t mapped)
{
    const auto* header = static_cast<const RingHeader*>(memory);
    if (mapped < ring_header_size) return base::fail(base::Errc::corrupt, "an output ring is shorter than its header");
    // Read once: what was checked must be what is used. Below min_ring_size a whole chunk could wrap twice.
    const auto size = *static_cast<const volatile std::uint64_t*>(&header->size);
    if (header->magic != ring_magic || size < min_ring_size || size % 8 != 0 || size > mapped - ring_header_size)
        return base::fail(base::Errc::corrupt, "an output ring has no valid header");
    return RingReader{header, static_cast<const char*>(memory) + ring_header_size, size};
}

void RingReader::copy(std::uint64_t offset, char* to, std::size_t count) const noexcept
{
    get(data_, size_, offset, to, count);
}

bool RingReader::next(std::uint64_t* offset, Chunk* chunk, bool* skipped) const
{
    *skipped = false;
    while (true) {
        if (const auto oldest = tail(); *offset < oldest) {
            *offset = oldest;
            *skipped = true;
        }
        if (*offset >= head()) return false;
        ChunkHeader found;
        copy(*offset, reinterpret_cast<char*>(&found), sizeof found);
        const bool sane = found.size <= max_chunk;
        if (sane) {
            chunk->data.resize(found.size);
            copy(*offset + sizeof found, chunk->data.data(), found.size);
        }
        std::atomic_thread_fence(std::memory_order_acquire);
        if (header_->tail.load(std::memory_order_relaxed) > *offset) continue; // overwritten while we copied
        if (!sane) return false;                                               // not written by a RingWriter
        chunk->offset = *offset;
        chunk->stream = found.stream;
        chunk->mono_ns = found.mono_ns;
        chunk->wall_ns = found.wall_ns;
        chunk->stream_offset = found.stream_offset;
        *offset += sizeof found + padded(found.size);
        return true;
    }
}

} // namespace processd::protocol
