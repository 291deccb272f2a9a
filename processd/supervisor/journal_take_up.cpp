// SPDX-License-Identifier: GPL-3.0-or-later
// What an earlier manager has read of the runs' output, read again from what the keeper's rings still hold.
#include "processd/supervisor/journal.h"

#include <algorithm>
#include <array>
#include <deque>

namespace processd::supervisor {

// One run's lines of that time, from the oldest on.
struct Journal::Past {
    struct Line {
        output::Line line;
        std::string data; // what line.data shows
        bool to_sinks;
    };

    HeldOutput held;
    bool consumed = true; // still before the place up to which output was consumed
    bool overtaken = false;
    std::array<bool, 2> cut{}; // streams whose next line lost its beginning: it is left out
    std::deque<Line> lines{};
    output::Piece piece{};

    // Makes sure that there is a line, if there is one at all.
    bool more(Journal& journal)
    {
        while (lines.empty())
            if (!(consumed ? read_consumed() : read_seen(journal))) return false;
        return true;
    }
    [[nodiscard]] base::WallTime time() const { return lines.front().line.time; }

private:
    bool read_consumed()
    {
        auto& capture = *held.capture;
        const auto end = capture.source.position().offset;
        const auto before = held.past.position();
        if (before.offset >= end || !held.past.next(piece) || piece.chunk.offset >= end) {
            consumed = false;
            return true;
        }
        const auto& chunk = piece.chunk;
        std::string_view data = chunk.data;
        auto& is_cut = cut[chunk.stream == protocol::Stream::err ? 1 : 0];
        if (piece.dropped_before > 0) {
            capture.splitter.flush(chunk.stream, keep(false));
            is_cut = true;
        }
        if (is_cut) {
            const auto newline = data.find('\n');
            is_cut = newline == std::string_view::npos;
            data.remove_prefix(is_cut ? data.size() : newline + 1);
        }
        const bool late = held.exited_mono_ns != 0 && chunk.mono_ns > held.exited_mono_ns;
        capture.splitter.feed(chunk.stream, data, base::wall_from_ns(chunk.wall_ns), late, before, keep(false));
        return true;
    }

    bool read_seen(Journal& journal)
    {
        auto& capture = *held.capture;
        const auto before = capture.source.position();
        if (before.offset >= held.seen || !capture.source.next(piece)) return false;
        overtaken |= piece.chunk.offset >= held.seen; // the ring was overwritten meanwhile
        journal.split(capture, piece, before, held.exited_mono_ns, keep(true));
        return true;
    }

    output::LineSplitter::Emit keep(bool to_sinks)
    {
        return [this, to_sinks](const output::Line& line) {
            lines.push_back({line, std::string(line.data), to_sinks});
            if (held.on_line) held.on_line(line.data);
        };
    }
};

void Journal::take_up(std::vector<HeldOutput> held, std::uint64_t former_newest)
{
    std::vector<Past> all;
    all.reserve(held.size());
    for (auto& one : held) all.push_back({std::move(one)});
    // A heap with the oldest line on top. Only one chunk of each run is in memory.
    std::vector<Past*> heap;
    const auto newer = [](const Past* a, const Past* b) { return a->time() > b->time(); };
    for (auto& past : all)
        if (past.more(*this)) heap.push_back(&past);
    std::make_heap(heap.begin(), heap.end(), newer);
    while (!heap.empty()) {
        std::pop_heap(heap.begin(), heap.end(), newer);
        auto& past = *heap.back();
        auto& next = past.lines.front();
        next.line.data = next.data;
        emit(*past.held.capture, next.line, next.to_sinks);
        past.lines.pop_front();
        if (past.more(*this))
            std::push_heap(heap.begin(), heap.end(), newer);
        else
            heap.pop_back();
    }
    bool overtaken = false;
    for (const auto& past : all) {
        auto& capture = *past.held.capture;
        capture.progress.read_up_to(capture.source.position(), capture.splitter.pending(), capture.last_seq);
        overtaken |= past.overtaken;
    }
    logs_.taken_up(overtaken ? UINT64_MAX : former_newest);
}

} // namespace processd::supervisor
