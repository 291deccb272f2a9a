// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/line_splitter.h"

#include <algorithm>

namespace processd::output {
namespace {

std::size_t index_of(Stream stream) { return stream == Stream::err ? 1 : 0; }

} // namespace

void LineSplitter::feed(Stream stream, std::string_view data, base::WallTime time, bool late,
                        const Position& chunk_start, const Emit& emit)
{
    auto& pending = pending_[index_of(stream)];
    while (!data.empty()) {
        const auto newline = data.find('\n');
        const auto room = max_line - pending.data.size();
        const auto take = std::min({newline, room, data.size()});
        const bool whole = take == newline;
        if (pending.data.empty()) {
            if (whole || take == max_line) { // the common case: nothing to put together, nothing copied
                emit({stream, time, data.substr(0, take), !whole, late});
                data.remove_prefix(take + (whole ? 1 : 0));
                continue;
            }
            pending.time = time;
            pending.late = late;
            pending.chunk_start = chunk_start;
        }
        pending.data.append(data.substr(0, take));
        data.remove_prefix(take + (whole ? 1 : 0));
        if (whole || pending.data.size() == max_line) {
            emit({stream, pending.time, pending.data, !whole, pending.late});
            pending.data.clear();
        }
    }
    if (pending.data.empty() && pending.data.capacity() > max_line / 8) pending.data = {};
}

void LineSplitter::flush(Stream stream, const Emit& emit)
{
    auto& pending = pending_[index_of(stream)];
    if (pending.data.empty()) return;
    emit({stream, pending.time, pending.data, true, pending.late});
    pending.data = {};
}

void LineSplitter::flush(const Emit& emit)
{
    const bool err_first = pending_[1].time < pending_[0].time;
    flush(err_first ? Stream::err : Stream::out, emit);
    flush(err_first ? Stream::out : Stream::err, emit);
}

std::optional<Position> LineSplitter::pending() const
{
    std::optional<Position> oldest;
    for (const auto& pending : pending_)
        if (!pending.data.empty() && (!oldest || pending.chunk_start.offset < oldest->offset))
            oldest = pending.chunk_start;
    return oldest;
}

} // namespace processd::output
