// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/journal.h"

#include "helpers/base/log.h"
#include "processd/loop/keeper_client.h"

namespace processd::supervisor {

Journal::Journal(loop::Loop& loop, loop::KeeperClient& keeper, output::LogStore& logs, model::Counters& counters)
    : keeper_(keeper), logs_(logs), counters_(counters), targets_(loop, logs.epoch(), [this] {
          if (on_progress) on_progress();
      })
{
}

void Journal::emit(Capture& capture, const output::Line& line, bool to_sinks)
{
    if (capture.answers && line.stream == protocol::Stream::out) return;
    output::LogLine out;
    out.time = line.time;
    out.service = capture.service;
    out.run = capture.run;
    out.stream = line.stream;
    out.data = line.data;
    out.partial = line.partial;
    out.late = line.late;
    out.pid = capture.pid;
    logs_.append(out);
    if (!to_sinks) return; // an earlier manager has written and counted it
    if (const auto& count = capture.lines[line.stream == protocol::Stream::err ? 1 : 0]) ++count->value;
    if (!capture.to_sinks) capture.to_sinks = targets_.source(capture.service, capture.run);
    targets_.write(*capture.to_sinks, out);
    capture.last_seq = out.seq;
}

std::array<std::shared_ptr<model::Counter>, 2> Journal::lines_of(const std::string& name) const
{
    const auto of = [&](const char* stream) {
        return counters_.counter("processd_log_lines", {{"service", name}, {"stream", stream}});
    };
    return {of("stdout"), of("stderr")};
}

void Journal::split(Capture& capture, const output::Piece& piece, const output::Position& before,
                    std::int64_t exited_mono_ns, const Give& give)
{
    const auto& chunk = piece.chunk;
    if (piece.dropped_before > 0) {
        capture.splitter.flush(chunk.stream, give); // what was begun goes on behind the gap: not the same line
        capture.dropped += piece.dropped_before;
        dropped_ += piece.dropped_before;
        base::log::warning("output was overwritten before it was read",
                           {{"run", capture.run}, {"bytes", piece.dropped_before}});
    }
    const bool late = exited_mono_ns != 0 && chunk.mono_ns > exited_mono_ns;
    capture.splitter.feed(chunk.stream, chunk.data, base::wall_from_ns(chunk.wall_ns), late, before, give);
}

bool Journal::read(Capture& capture, std::int64_t exited_mono_ns, const std::function<void(std::string_view)>& on_line)
{
    output::Piece piece;
    bool any = false;
    const auto give = [&](const output::Line& line) {
        emit(capture, line);
        if (on_line) on_line(line.data);
    };
    // What comes in the meantime is the keeper's next news.
    const auto end = capture.source.head();
    auto before = capture.source.position();
    for (; before.offset < end && capture.source.next(piece); before = capture.source.position()) {
        any = true;
        split(capture, piece, before, exited_mono_ns, give);
    }
    if (any) capture.progress.read_up_to(capture.source.position(), capture.splitter.pending(), capture.last_seq);
    return any;
}

void Journal::finish(Capture& capture)
{
    capture.splitter.flush([&](const output::Line& line) { emit(capture, line); });
    if (capture.to_sinks) targets_.end(*capture.to_sinks);
}

void Journal::tell(Capture& capture, protocol::ChildId child)
{
    const auto written = capture.to_sinks ? targets_.written_seq(*capture.to_sinks) : UINT64_MAX;
    const auto& at = capture.progress.written_up_to(written);
    const auto seen = capture.source.position().offset;
    if (seen == capture.told_seen && at == capture.told_consumed) return;
    capture.told_seen = seen;
    capture.told_consumed = at;
    keeper_.watch({child, at.offset, seen, output::counts_of(at), logs_.last_seq()});
}

} // namespace processd::supervisor
