// SPDX-License-Identifier: GPL-3.0-or-later
// processd/output/line_splitter.h: the bytes of one run, stream by stream, cut into lines: at newlines, at max_line
// bytes (the piece is then partial), and when told to flush. Any byte may occur; '\r' is kept. A line has the time of
// its first byte. Pure: no clock, no I/O.
#pragma once

#include "helpers/base/time.h"
#include "processd/output/position.h"
#include "processd/protocol/ring.h"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace processd::output {

using protocol::Stream;

inline constexpr std::size_t max_line = 64 * 1024;

struct Line {
    Stream stream;
    base::WallTime time;
    std::string_view data; // valid during the call
    bool partial;
    bool late;
};

class LineSplitter {
public:
    using Emit = std::function<void(const Line&)>;

    // chunk_start: the position before the chunk that the bytes are from, for pending().
    void feed(Stream stream, std::string_view data, base::WallTime time, bool late, const Position& chunk_start,
              const Emit& emit);
    // Gives out unfinished lines as partial ones: at the end of output, at a gap, or when the caller will not wait
    // longer.
    void flush(Stream stream, const Emit& emit);
    void flush(const Emit& emit); // both, the older first

    // The start of the chunk with the oldest byte that is in no line yet: what was consumed ends there.
    [[nodiscard]] std::optional<Position> pending() const;

private:
    struct Pending {
        std::string data;
        base::WallTime time;
        bool late = false;
        Position chunk_start;
    };
    std::array<Pending, 2> pending_;
};

} // namespace processd::output
