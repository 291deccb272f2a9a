// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/run_archive.h"

#include "helpers/base/log.h"
#include "processd/loop/keeper_client.h"
#include "processd/supervisor/journal.h"

#include <algorithm>
#include <utility>

namespace processd::supervisor {
namespace {

constexpr base::Duration storage_retry = std::chrono::seconds{1};

} // namespace

RunArchive::RunArchive(loop::Loop& loop, loop::KeeperClient& keeper, store::Records& records, const Journal& journal,
                       RunTable& table)
    : keeper_(keeper), records_(records), journal_(journal), table_(table), timer_(loop, [this] { flush(); })
{
}

// While the store takes nothing only the timer tries: a failed commit costs more than one that succeeds.
void RunArchive::flush_soon()
{
    if (records_.group_full() && !trouble_)
        flush();
    else if (!timer_.armed())
        timer_.at(base::now() + (trouble_ ? storage_retry : store::group_delay));
}

base::Result<void> RunArchive::save(const model::RunRecord& record)
{
    auto put = records_.put(record);
    if (put) flush_soon();
    return put;
}

void RunArchive::save_beginning(const LiveRun& live)
{
    beginnings_.push_back(live.record.number);
    flush_soon();
}

void RunArchive::queue_beginnings()
{
    for (const auto number : std::exchange(beginnings_, {})) {
        const LiveRun* const live = table_.numbered(number);
        // One that has ended meanwhile is counted with its final record, which is to come.
        if (live == nullptr || live->final || live->record.state == model::RunState::ended) continue;
        if (const auto put = records_.put(live->record); !put)
            base::log::warning("a run's beginning could not be put on record; its end will be",
                               {{"run", live->record.id}, {"reason", put.error().message()}});
    }
}

void RunArchive::save_stop(const LiveRun& live)
{
    auto record = live.record;
    record.state = model::RunState::stopping;
    std::erase(beginnings_, record.number);
    if (records_.put(record)) flush();
}

void RunArchive::close(LiveRun& live)
{
    live.final = true;
    ++waiting_;
    live.final_queued = records_.put(live.record).has_value();
    if (trouble_ && waiting_ > 2 * max_waiting) forget_oldest();
    flush_soon();
}

void RunArchive::forget(LiveRun& live)
{
    unwritten_.erase(live.record.number);
    if (live.child != 0) keeper_.ack(live.child);
    table_.remove(live);
}

void RunArchive::forget_oldest()
{
    for (const auto& [number, live] : table_.all()) {
        if (!live->final || live->committed || live->record.kind == model::RunKind::adhoc) continue;
        if (given_up_++ == 0)
            base::log::error("too many runs wait to be put on record; the oldest of services are given up",
                             {{"waiting", waiting_}, {"reason", trouble_->message()}});
        --waiting_;
        return forget(*live);
    }
}

bool RunArchive::queue_waiting()
{
    bool all = true;
    for (const auto& [number, live] : table_.all()) {
        if (!live->final || live->final_queued) continue;
        live->final_queued = records_.put(live->record).has_value();
        all = all && live->final_queued;
    }
    return all;
}

bool RunArchive::flush()
{
    timer_.cancel();
    // A record says that the keeper knows of the run, so it does not come before the request.
    if (keeper_.backlog() > 0) {
        timer_.at(base::now() + store::group_delay);
        return false;
    }
    queue_beginnings();
    bool all = false;
    while (!all) {
        all = queue_waiting();
        const auto flushed = records_.flush(base::wall_now());
        auto committed = flushed.committed;
        std::sort(committed.begin(), committed.end());
        for (const auto number : committed)
            if (LiveRun* const live = table_.numbered(number); live != nullptr && live->final_queued) release(*live);
        if (flushed.error) {
            if (!trouble_)
                base::log::error("run records cannot be written; they wait with the keeper until they can be",
                                 {{"reason", flushed.error->message()}});
            trouble_ = flushed.error;
            timer_.at(base::now() + storage_retry);
            return false;
        }
        if (committed.empty()) break;
    }
    if (std::exchange(trouble_, std::nullopt))
        base::log::info("run records can be written again", {{"given_up", std::exchange(given_up_, 0)}});
    if (all && records_.pending() == 0) return true;
    timer_.at(base::now() + storage_retry);
    return false;
}

base::Result<void> RunArchive::room() const
{
    if (!trouble_ || waiting_ < max_waiting) return {};
    return base::wrap(std::to_string(waiting_) +
                          " runs have ended that cannot be put on record, and no more is begun until they are",
                      *trouble_);
}

void RunArchive::release(LiveRun& live)
{
    if (!std::exchange(live.committed, true)) --waiting_;
    const auto number = live.record.number;
    const bool may_wait = unwritten_.contains(number) || unwritten_.size() < max_unwritten;
    if (live.capture && !journal_.written(*live.capture) && may_wait)
        unwritten_.insert(number);
    else
        forget(live);
}

void RunArchive::release_written()
{
    const auto unwritten = unwritten_; // changes on the way
    for (const auto number : unwritten) release(*table_.numbered(number));
}

std::uint64_t RunArchive::next_number()
{
    auto number = records_.next_number();
    while (table_.numbered(number) != nullptr) number = records_.next_number();
    return number;
}

} // namespace processd::supervisor
