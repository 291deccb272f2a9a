// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/run_archive.h: live runs' records on their way into the store, in groups, and the keeper told to
// forget a child when the final record is committed, never before. What cannot be written is tried again every second.
// Internal to Runs.
#pragma once

#include "helpers/base/result.h"
#include "processd/loop/loop.h"
#include "processd/store/records.h"
#include "processd/supervisor/run_table.h"

#include <cstdint>

namespace processd::loop {
class KeeperClient;
}

namespace processd::supervisor {

class RunArchive {
public:
    RunArchive(loop::Loop& loop, loop::KeeperClient& keeper, store::Records& records, RunTable& table);

    // Queues the record as it is now. An error is one of the queue: what is queued is written sooner or later.
    base::Result<void> save(const model::RunRecord& record);
    // The same for a run's beginning, where an error is only worth a warning: the end will be on record.
    void save_beginning(const LiveRun& live);
    // Queues the final record of a run that is closed. With a full group it may be forgotten before this returns.
    void close(LiveRun& live);
    // Commits what is queued and forgets the runs whose end that was. True if nothing is left.
    bool flush();

    // Above all that the store and the keeper know: the beginning of a run that an earlier manager started may not be
    // on record yet.
    [[nodiscard]] std::uint64_t next_number();

private:
    void flush_soon();

    loop::KeeperClient& keeper_;
    store::Records& records_;
    RunTable& table_;
    bool failing_ = false;
    loop::Timer timer_;
};

} // namespace processd::supervisor
