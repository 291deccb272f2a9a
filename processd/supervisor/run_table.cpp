// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/run_table.h"

namespace processd::supervisor {
namespace {

template <class Map, class Key> LiveRun* found_in(const Map& map, const Key& key)
{
    const auto at = map.find(key);
    return at == map.end() ? nullptr : at->second;
}

} // namespace

LiveRun& RunTable::add(Launch launch)
{
    auto live = std::make_unique<LiveRun>();
    live->record = launch.record;
    live->policy = policy_of(launch.record);
    live->launch = std::move(launch);
    auto& added = *live;
    by_id_[added.record.id] = &added;
    by_number_[added.record.number] = std::move(live);
    return added;
}

void RunTable::asked(LiveRun& live, std::uint64_t request_id)
{
    live.request_id = request_id;
    by_request_[request_id] = &live;
}

void RunTable::bind(LiveRun& live, protocol::ChildId child)
{
    live.child = child;
    by_child_[child] = &live;
}

void RunTable::remove(LiveRun& live)
{
    by_child_.erase(live.child);
    by_request_.erase(live.request_id);
    by_id_.erase(live.record.id);
    by_number_.erase(live.record.number);
}

LiveRun* RunTable::numbered(std::uint64_t number) const
{
    const auto at = by_number_.find(number);
    return at == by_number_.end() ? nullptr : at->second.get();
}

LiveRun* RunTable::with_id(std::string_view id) const { return found_in(by_id_, std::string(id)); }
LiveRun* RunTable::of_child(protocol::ChildId child) const { return found_in(by_child_, child); }
LiveRun* RunTable::of_request(std::uint64_t request_id) const { return found_in(by_request_, request_id); }

} // namespace processd::supervisor
