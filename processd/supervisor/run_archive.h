// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/run_archive.h: live runs' records on their way into the store, in groups, and the keeper told to
// forget a child when the final record is committed and the run's lines are in the sinks, never before. What cannot be
// written is tried again every second, and meanwhile the ended runs stay with the keeper, which costs it two
// descriptors and up to a full ring for each. So their number has bounds, see docs/records.md: beyond max_waiting
// room() refuses, which is for whoever may be told to come again; of runs that have to happen all the same, a
// service's, the keeper is told to forget the oldest beyond twice as many. While sinks do not write, max_unwritten runs
// wait for them, no more. Internal to Runs.
#pragma once

#include "helpers/base/result.h"
#include "processd/loop/loop.h"
#include "processd/store/records.h"
#include "processd/supervisor/run_table.h"

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace processd::loop {
class KeeperClient;
}

namespace processd::supervisor {

class Journal;

class RunArchive {
public:
    static constexpr std::size_t max_waiting = 500;
    static constexpr std::size_t max_unwritten = 256;

    RunArchive(loop::Loop& loop, loop::KeeperClient& keeper, store::Records& records, const Journal& journal,
               RunTable& table);

    // Queues the record as it is now. An error is one of the queue: what is queued is written sooner or later.
    base::Result<void> save(const model::RunRecord& record);
    // A run's beginning, for the case that the keeper dies before its end. Written with the next group: most runs have
    // ended by then, and only their end is. An error is only worth a warning.
    void save_beginning(const LiveRun& live);
    // A stop that was wanted: committed before this returns.
    void save_stop(const LiveRun& live);
    // Queues the final record of a run that is closed. With a full group it may be forgotten before this returns.
    void close(LiveRun& live);
    // Commits what is queued and forgets the runs whose end that was. True if nothing is left.
    bool flush();
    // May one more run begin whose record can wait? Otherwise the store's error.
    [[nodiscard]] base::Result<void> room() const;
    [[nodiscard]] std::size_t waiting() const { return waiting_; } // runs that have ended and are not on record
    void release(LiveRun& live); // its final record is committed: forgotten now, or when the sinks have its lines
    void release_written();      // the sinks have got further

    // Above all that the store and the keeper know: the beginning of a run that an earlier manager started may not be
    // on record yet.
    [[nodiscard]] std::uint64_t next_number();

private:
    void flush_soon();
    void forget(LiveRun& live);
    void forget_oldest();
    void queue_beginnings();
    bool queue_waiting(); // final records that the store had no room for; true if there is none left

    loop::KeeperClient& keeper_;
    store::Records& records_;
    const Journal& journal_;
    RunTable& table_;
    std::vector<std::uint64_t> beginnings_; // numbers of runs
    std::optional<base::Error> trouble_;    // the last flush failed
    std::size_t waiting_ = 0;
    std::uint64_t given_up_ = 0;        // runs that the keeper forgot before they were on record, since trouble began
    std::set<std::uint64_t> unwritten_; // numbers of runs that are on record and whose lines are not in all sinks
    loop::Timer timer_;
};

} // namespace processd::supervisor
