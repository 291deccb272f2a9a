// SPDX-License-Identifier: GPL-3.0-or-later
// processd/output/progress.h: how far one ring may be called consumed: up to the chunk before which every byte is in a
// line that all sinks have written (or counted as dropped). That offset goes to the keeper, and the next manager reads
// on from there, so no line is lost and few are written twice.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace processd::output {

class Progress {
public:
    // After a chunk was split into lines: `end` is the ring offset behind it, `pending` the splitter's
    // pending_offset(), last_seq the newest line made from this ring so far.
    void read_up_to(std::uint64_t end, std::optional<std::uint64_t> pending, std::uint64_t last_seq);
    // The lowest written_seq of all sinks; returns the consumed offset, which never goes back.
    std::uint64_t written_up_to(std::uint64_t written_seq);
    [[nodiscard]] std::uint64_t consumed() const noexcept { return consumed_; }

private:
    struct Mark {
        std::uint64_t offset;
        std::uint64_t seq;
    };
    std::deque<Mark> marks_;
    std::uint64_t consumed_ = 0;
};

} // namespace processd::output
