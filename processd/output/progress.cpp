// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/progress.h"

namespace processd::output {

void Progress::read_up_to(const Position& end, const std::optional<Position>& pending, std::uint64_t last_seq)
{
    const auto& safe = pending ? *pending : end;
    if (safe.offset <= (marks_.empty() ? consumed_ : marks_.back().position).offset) return;
    if (!marks_.empty() && marks_.back().seq == last_seq)
        marks_.back().position = safe;
    else
        marks_.push_back({safe, last_seq});
}

const Position& Progress::written_up_to(std::uint64_t written_seq)
{
    while (!marks_.empty() && marks_.front().seq <= written_seq) {
        consumed_ = marks_.front().position;
        marks_.pop_front();
    }
    return consumed_;
}

} // namespace processd::output
