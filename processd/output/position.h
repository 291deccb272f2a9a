// SPDX-License-Identifier: GPL-3.0-or-later
// processd/output/position.h: where reading of a ring stands, always between two chunks. Saved with the keeper (Watch
// and ChildState carry it), so that the next manager neither reads a byte twice nor counts as dropped what was read.
#pragma once

#include "processd/model/run_record.h"

#include <array>
#include <cstdint>

namespace processd::output {

struct Position {
    std::uint64_t offset = 0;    // ring offset of the next chunk
    model::StreamCount out, err; // up to offset; bytes include the dropped ones
    friend bool operator==(const Position&, const Position&) = default;
};

// As in protocol::Watch::counts and ChildState::consumed_counts.
inline Position position_from(std::uint64_t offset, const std::array<std::uint64_t, 4>& counts)
{
    return {offset, {counts[0], counts[1]}, {counts[2], counts[3]}};
}
inline std::array<std::uint64_t, 4> counts_of(const Position& p)
{
    return {p.out.bytes, p.out.dropped, p.err.bytes, p.err.dropped};
}

} // namespace processd::output
