// SPDX-License-Identifier: GPL-3.0-or-later
// processd/output/progress.h: how far one ring may be called consumed: up to the chunk before which every byte is in a
// line that all sinks have written (or counted as dropped). That position goes to the keeper, and the next manager
// reads on from there, so no line is lost and few are written twice.
#pragma once

#include "processd/output/position.h"

#include <cstdint>
#include <deque>
#include <optional>

namespace processd::output {

class Progress {
public:
    explicit Progress(const Position& consumed = {}) : consumed_(consumed) {}

    // After a chunk was split into lines: `end` is the position behind it, `pending` the splitter's, last_seq the
    // newest line made from this ring so far.
    void read_up_to(const Position& end, const std::optional<Position>& pending, std::uint64_t last_seq);
    // The lowest written_seq of all sinks; returns the consumed position, which never goes back.
    const Position& written_up_to(std::uint64_t written_seq);
    [[nodiscard]] const Position& consumed() const noexcept { return consumed_; }
    [[nodiscard]] bool waiting() const noexcept { return !marks_.empty(); } // for sinks

private:
    struct Mark {
        Position position;
        std::uint64_t seq;
    };
    std::deque<Mark> marks_;
    Position consumed_;
};

} // namespace processd::output
