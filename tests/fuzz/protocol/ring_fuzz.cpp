// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes as the memory of an output ring, header and first data, from an offset that they also choose: a reader never
// leaves the mapping, and comes to an end.
#include "processd/protocol/ring.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace processd::protocol;
    constexpr std::size_t mapped = ring_header_size + min_ring_size;
    std::uint64_t offset = 0;
    if (size < sizeof offset) return 0;
    std::memcpy(&offset, data, sizeof offset);
    data += sizeof offset;
    size -= sizeof offset;
    // On the heap, so that the sanitizer sees the ends. The first 64 bytes are the header, the rest goes to the data.
    const auto memory = std::make_unique<std::uint64_t[]>(mapped / sizeof(std::uint64_t));
    auto* const bytes = reinterpret_cast<char*>(memory.get());
    std::memcpy(bytes, data, std::min<std::size_t>(size, 64));
    if (size > 64) std::memcpy(bytes + ring_header_size, data + 64, std::min<std::size_t>(size - 64, min_ring_size));
    const auto reader = RingReader::open(bytes, mapped);
    if (!reader) return 0;
    Chunk chunk;
    bool skipped = false;
    for (int i = 0; i < 1000 && reader->next(&offset, &chunk, &skipped); ++i) {}
    return 0;
}
