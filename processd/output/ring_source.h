// SPDX-License-Identifier: GPL-3.0-or-later
// processd/output/ring_source.h: one child's output ring, mapped read-only, read from a position on. It never waits:
// the keeper says when there is more. What the ring overwrote before it was read is counted by stream, never guessed:
// the chunks' stream_offset says how much is missing, the ring's totals say it at the end.
#pragma once

#include "helpers/base/result.h"
#include "processd/model/run_record.h"
#include "processd/output/position.h"
#include "processd/protocol/ring.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace processd::output {

using protocol::Stream;

struct Piece {
    protocol::Chunk chunk;
    Position start;                   // before it: what LineSplitter::feed wants
    std::uint64_t dropped_before = 0; // bytes of this stream that are missing right before this chunk
};

class RingSource {
public:
    // Maps the ring; fd stays the caller's and may be closed afterwards. Errc::corrupt for what is not a ring.
    static base::Result<RingSource> open(int fd, const Position& from = {});
    RingSource(RingSource&& other) noexcept;
    RingSource& operator=(RingSource&& other) noexcept;
    ~RingSource();

    // The next chunk; false when there is nothing newer now. The Piece's buffer is reused, so keep one for a loop.
    bool next(Piece& piece);
    [[nodiscard]] const Position& position() const noexcept { return position_; }
    // The end of what was written by now. Whoever reads until next() is false may never end, as a writer may be faster.
    [[nodiscard]] std::uint64_t head() const noexcept { return reader_->head(); }
    [[nodiscard]] bool at_end() const noexcept { return position_.offset >= reader_->head(); }

    // Counts of everything read so far, and at the end of what there is, of what was overwritten last, too.
    [[nodiscard]] std::array<model::StreamCount, 2> counts();

    // The newest max_bytes for a run's record, oldest first, whatever position() is. Chunks of one stream within 100 ms
    // become one piece; each piece counts 64 bytes more, so that many tiny ones stay bounded too. Bytes written after
    // exited_mono_ns (0: none) are marked late.
    [[nodiscard]] std::vector<model::OutputPiece> tail(std::size_t max_bytes, std::int64_t exited_mono_ns) const;

private:
    RingSource(const void* memory, std::size_t mapped, protocol::RingReader reader, const Position& from);

    const void* memory_ = nullptr;
    std::size_t mapped_ = 0;
    std::optional<protocol::RingReader> reader_;
    Position position_;
};

} // namespace processd::output
