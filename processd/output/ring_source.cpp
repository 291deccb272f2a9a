// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/ring_source.h"

#include "processd/output/log_line.h"

#include <algorithm>
#include <sys/mman.h>
#include <sys/stat.h>
#include <utility>

namespace processd::output {
namespace {

constexpr std::size_t piece_overhead = 64;
constexpr auto one_piece = std::chrono::milliseconds{100};

} // namespace

base::Result<RingSource> RingSource::open(int fd, const Position& from)
{
    struct stat st {};
    if (::fstat(fd, &st) < 0) return base::fail(errno, "look at an output ring");
    const auto mapped = static_cast<std::size_t>(st.st_size);
    if (mapped < protocol::ring_header_size) return base::fail(base::Errc::corrupt, "an output ring is too short");
    void* memory = ::mmap(nullptr, mapped, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) return base::fail(errno, "map an output ring");
    auto reader = protocol::RingReader::open(memory, mapped);
    if (!reader) {
        ::munmap(memory, mapped);
        return tl::unexpected(reader.error());
    }
    return RingSource{memory, mapped, *reader, from};
}

RingSource::RingSource(const void* memory, std::size_t mapped, protocol::RingReader reader, const Position& from)
    : memory_(memory), mapped_(mapped), reader_(reader), position_(from)
{
}

RingSource::RingSource(RingSource&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      mapped_(other.mapped_),
      reader_(other.reader_),
      position_(other.position_)
{
}

RingSource& RingSource::operator=(RingSource&& other) noexcept
{
    std::swap(memory_, other.memory_);
    std::swap(mapped_, other.mapped_);
    std::swap(reader_, other.reader_);
    std::swap(position_, other.position_);
    return *this;
}

RingSource::~RingSource()
{
    if (memory_ != nullptr) ::munmap(const_cast<void*>(memory_), mapped_);
}

bool RingSource::next(Piece& piece)
{
    bool skipped = false;
    piece.start = position_;
    if (!reader_->next(&position_.offset, &piece.chunk, &skipped)) return false;
    auto& count = piece.chunk.stream == Stream::err ? position_.err : position_.out;
    const auto expected = count.bytes;
    piece.dropped_before = piece.chunk.stream_offset > expected ? piece.chunk.stream_offset - expected : 0;
    count.dropped += piece.dropped_before;
    count.bytes = piece.chunk.stream_offset + piece.chunk.data.size();
    return true;
}

std::array<model::StreamCount, 2> RingSource::counts()
{
    // Totals first: what is in them is at most at head, so standing there means the rest was overwritten before we
    // came.
    const std::array<std::uint64_t, 2> totals{reader_->written(Stream::out), reader_->written(Stream::err)};
    if (at_end()) {
        std::size_t i = 0;
        for (auto* count : {&position_.out, &position_.err}) {
            const auto total = totals[i++];
            if (total <= count->bytes) continue;
            count->dropped += total - count->bytes;
            count->bytes = total;
        }
    }
    return {position_.out, position_.err};
}

std::vector<model::OutputPiece> RingSource::tail(std::size_t max_bytes, std::int64_t exited_mono_ns) const
{
    std::vector<model::OutputPiece> pieces;
    std::size_t first = 0; // index of the first piece kept
    std::size_t total = 0;
    protocol::Chunk chunk;
    bool skipped = false;
    const auto end = reader_->head();
    for (auto offset = reader_->tail(); offset < end && reader_->next(&offset, &chunk, &skipped);) {
        const auto stream = name_of(chunk.stream);
        const auto time = base::wall_from_ns(chunk.wall_ns);
        const bool late = exited_mono_ns != 0 && chunk.mono_ns > exited_mono_ns;
        total += chunk.data.size();
        if (!skipped && !pieces.empty() && pieces.back().stream == stream && pieces.back().late == late &&
            time - pieces.back().time < one_piece) {
            pieces.back().data += chunk.data;
        } else {
            pieces.push_back({std::string(stream), time, std::move(chunk.data), late});
            total += piece_overhead;
        }
        while (first + 1 < pieces.size() && total - pieces[first].data.size() - piece_overhead >= max_bytes) {
            total -= pieces[first].data.size() + piece_overhead;
            pieces[first++].data = {};
        }
    }
    pieces.erase(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(first));
    while (!pieces.empty() && total > max_bytes) { // the oldest piece loses its beginning, or goes
        auto& data = pieces.front().data;
        const auto excess = total - max_bytes;
        if (excess < data.size()) {
            data.erase(0, excess);
            break;
        }
        total -= data.size() + piece_overhead;
        pieces.erase(pieces.begin());
    }
    return pieces;
}

} // namespace processd::output
