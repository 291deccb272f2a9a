// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/journal.h: from the runs' rings to the log window and the sinks. Reads what the keeper says is
// there, cuts it into lines, hands them on, and tells the keeper how far output is consumed, so that the next manager
// reads on from there.
#pragma once

#include "processd/loop/loop.h"
#include "processd/model/counters.h"
#include "processd/output/line_splitter.h"
#include "processd/output/log_store.h"
#include "processd/output/progress.h"
#include "processd/output/ring_source.h"
#include "processd/protocol/message.h"
#include "processd/supervisor/log_targets.h"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace processd::loop {
class KeeperClient;
}

namespace processd::supervisor {

// One run's output on its way. Made when the ring is known, gone with the run.
struct Capture {
    output::RingSource source;
    output::LineSplitter splitter;
    output::Progress progress;
    output::Position told_consumed; // as the keeper was told
    std::uint64_t told_seen = 0;
    std::uint64_t last_seq = 0;
    std::uint64_t dropped = 0; // bytes that were overwritten unread
    std::string service;       // empty for ad-hoc runs
    bool answers = false;      // stdout is an answer to us, not lines for people: a lookup's
    std::string run;
    std::int32_t pid = 0;                                   // of the leader
    LogTargets::SourcePtr to_sinks;                         // made by the first line
    std::array<std::shared_ptr<model::Counter>, 2> lines{}; // by stream
};

// A run whose output an earlier manager has read.
struct HeldOutput {
    Capture* capture;                              // stands where that output was consumed
    output::RingSource past;                       // from the oldest byte that the ring holds
    std::uint64_t seen;                            // how far it was read
    std::int64_t exited_mono_ns;                   // as in read()
    std::function<void(std::string_view)> on_line; // likewise
};

class Journal {
public:
    // Lines are counted in `counters`, as processd_log_lines.
    Journal(loop::Loop& loop, loop::KeeperClient& keeper, output::LogStore& logs, model::Counters& counters);

    [[nodiscard]] LogTargets& targets() noexcept { return targets_; }

    // Reads what is there. exited_mono_ns: 0 while the leader lives. on_line sees every line, for readiness. True if
    // there was anything.
    bool read(Capture& capture, std::int64_t exited_mono_ns, const std::function<void(std::string_view)>& on_line);
    // At the beginning, for all runs at once: what the keeper still holds of output that an earlier manager has read
    // comes into the log window once more, in order of time, and what it had not in its sinks into these. Lines begun
    // then are ended by what comes next. former_newest: as in LogStore::taken_up.
    void take_up(std::vector<HeldOutput> held, std::uint64_t former_newest);
    // The end of output: unfinished lines are given out.
    void finish(Capture& capture);
    // Tells the keeper what was seen and consumed, where that is news.
    void tell(Capture& capture, protocol::ChildId child);

    // All lines made of it so far are in the sinks, or dropped and counted.
    [[nodiscard]] bool written(const Capture& capture) const
    {
        return !capture.to_sinks || capture.last_seq <= targets_.written_seq(*capture.to_sinks);
    }

    // Where lines count of what has this name.
    [[nodiscard]] std::array<std::shared_ptr<model::Counter>, 2> lines_of(const std::string& name) const;

    [[nodiscard]] output::LogStore& logs() noexcept { return logs_; }
    [[nodiscard]] std::uint64_t dropped_bytes() const noexcept { return dropped_; }

    // The sinks have got further: tell() is due for captures that wait for it.
    std::function<void()> on_progress;

private:
    struct Past;
    using Give = output::LineSplitter::Emit;
    void emit(Capture& capture, const output::Line& line, bool to_sinks = true);
    void split(Capture& capture, const output::Piece& piece, const output::Position& before,
               std::int64_t exited_mono_ns, const Give& give);

    loop::KeeperClient& keeper_;
    output::LogStore& logs_;
    model::Counters& counters_;
    LogTargets targets_;
    std::uint64_t dropped_ = 0;
};

} // namespace processd::supervisor
