// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/run_archive.h"

#include "helpers/base/log.h"
#include "processd/loop/keeper_client.h"

#include <algorithm>

namespace processd::supervisor {
namespace {

constexpr base::Duration storage_retry = std::chrono::seconds{1};

} // namespace

RunArchive::RunArchive(loop::Loop& loop, loop::KeeperClient& keeper, store::Records& records, RunTable& table)
    : keeper_(keeper), records_(records), table_(table), timer_(loop, [this] { flush(); })
{
}

void RunArchive::flush_soon()
{
    if (records_.group_full())
        flush();
    else if (!timer_.armed())
        timer_.at(base::now() + store::group_delay);
}

base::Result<void> RunArchive::save(const model::RunRecord& record)
{
    auto put = records_.put(record);
    if (put) flush_soon();
    return put;
}

void RunArchive::save_beginning(const LiveRun& live)
{
    const auto id = live.record.id; // the run may be forgotten by what this flushes
    if (const auto saved = save(live.record); !saved)
        base::log::warning("a run's beginning could not be put on record; its end will be",
                           {{"run", id}, {"reason", saved.error().message()}});
}

void RunArchive::close(LiveRun& live)
{
    live.final = true;
    live.final_queued = records_.put(live.record).has_value();
    if (live.final_queued)
        flush_soon();
    else
        timer_.at(base::now() + storage_retry);
}

bool RunArchive::flush()
{
    timer_.cancel();
    // Final records that the store had no room for come first.
    for (const auto& [number, live] : table_.all())
        if (live->final && !live->final_queued) live->final_queued = records_.put(live->record).has_value();
    const auto flushed = records_.flush(base::wall_now());
    if (flushed.error) {
        if (!std::exchange(failing_, true))
            base::log::error("run records cannot be written; they wait with the keeper until they can be",
                             {{"reason", flushed.error->message()}});
        timer_.at(base::now() + storage_retry);
    } else if (std::exchange(failing_, false)) {
        base::log::info("run records can be written again");
    }
    auto committed = flushed.committed;
    std::sort(committed.begin(), committed.end()); // a lookup is forgotten before the run that it was for
    for (const auto number : committed) {
        LiveRun* const live = table_.numbered(number);
        if (live == nullptr || !live->final_queued) continue;
        if (live->child != 0) keeper_.ack(live->child);
        table_.remove(*live);
    }
    return !flushed.error && records_.pending() == 0;
}

std::uint64_t RunArchive::next_number()
{
    auto number = records_.next_number();
    while (table_.numbered(number) != nullptr) number = records_.next_number();
    return number;
}

} // namespace processd::supervisor
