// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/record_index.h"

#include <algorithm>

namespace processd::store {
namespace {

template <class Items> auto place(Items& items, std::uint64_t number)
{
    return std::lower_bound(items.begin(), items.end(), number,
                            [](const auto& item, std::uint64_t wanted) { return item.number < wanted; });
}

template <class Enum> std::uint8_t small(Enum value) { return static_cast<std::uint8_t>(value); }
std::uint8_t small(const std::optional<model::OutcomeKind>& outcome)
{
    return outcome ? static_cast<std::uint8_t>(small(*outcome) + 1) : std::uint8_t{0};
}
constexpr std::uint64_t asking_share = 4; // of all records, those that only ask may be one in so many

bool only_asks(const Entry& e)
{
    return e.kind == small(model::RunKind::check) || e.kind == small(model::RunKind::ready) ||
           e.kind == small(model::RunKind::lookup);
}

bool ended(const Entry& entry) { return entry.state == small(model::RunState::ended); }

} // namespace

void IdTable::insert(Slot slot)
{
    const auto mask = slots_.size() - 1;
    auto at = slot.home & mask;
    while (slots_[at].number != 0) at = (at + 1) & mask;
    slots_[at] = slot;
    ++used_;
}

void IdTable::grow()
{
    auto old = std::move(slots_);
    slots_.assign(std::max<std::size_t>(64, old.size() * 2), {});
    used_ = 0;
    for (const auto& slot : old)
        if (slot.number != 0) insert(slot);
}

void IdTable::add(std::uint64_t hash, std::uint64_t number)
{
    if ((used_ + 1) * 8 > slots_.size() * 5) grow();
    insert({static_cast<std::uint32_t>(hash >> 32U), static_cast<std::uint32_t>(hash), number});
}

void IdTable::remove(std::uint64_t hash, std::uint64_t number)
{
    if (slots_.empty()) return;
    const auto mask = slots_.size() - 1;
    auto at = static_cast<std::uint32_t>(hash) & mask;
    while (slots_[at].number != number) {
        if (slots_[at].number == 0) return;
        at = (at + 1) & mask;
    }
    // Close the hole: move up every later one of this stretch whose search passes it.
    for (auto next = (at + 1) & mask; slots_[next].number != 0; next = (next + 1) & mask) {
        const auto home = slots_[next].home & mask;
        if (((next - home) & mask) < ((next - at) & mask)) continue;
        slots_[at] = slots_[next];
        at = next;
    }
    slots_[at] = {};
    --used_;
}

std::vector<std::uint64_t> IdTable::numbers(std::uint64_t hash) const
{
    std::vector<std::uint64_t> found;
    if (slots_.empty()) return found;
    const auto mask = slots_.size() - 1;
    const auto home = static_cast<std::uint32_t>(hash), upper = static_cast<std::uint32_t>(hash >> 32U);
    for (auto at = home & mask; slots_[at].number != 0; at = (at + 1) & mask)
        if (slots_[at].home == home && slots_[at].hash == upper) found.push_back(slots_[at].number);
    return found;
}

std::uint64_t RecordIndex::hash(std::string_view text) const
{
    std::uint64_t h = seed_ ^ 0xcbf29ce484222325U;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    h = (h ^ h >> 33U) * 0xff51afd7ed558ccdU; // spreads what FNV leaves in the low bits
    return (h ^ h >> 33U) | 1U;               // never 0, which means none
}

void RecordIndex::put(std::uint64_t number, const Head& head, std::size_t value_size)
{
    erase(number);
    const auto id_hash = hash(head.id);
    ids_.add(id_hash, number);
    const auto ended_s = static_cast<std::uint32_t>(std::clamp<std::int64_t>(head.ended_us / 1'000'000, 0, UINT32_MAX));
    if (head.id_only) {
        remembered_.insert(place(remembered_, number), Remembered{number, id_hash, ended_s});
        return;
    }
    Entry entry;
    entry.number = number;
    entry.id_hash = id_hash;
    entry.name_hash = hash(head.name);
    entry.parent_hash = head.parent.empty() ? 0 : hash(head.parent);
    entry.created_us = head.created_us;
    entry.duration_us = head.duration_us.value_or(-1);
    entry.ended_s = ended_s;
    entry.size = static_cast<std::uint32_t>(value_size);
    entry.kind = small(head.kind);
    entry.state = small(head.state);
    entry.clients_id = head.fingerprint != 0;
    entry.outcome = small(head.outcome);
    bytes_ += entry.size;
    if (only_asks(entry)) ++asking_;
    entries_.insert(place(entries_, number), entry);
}

void RecordIndex::expire(std::uint64_t number)
{
    const auto at = place(entries_, number);
    if (at == entries_.end() || at->number != number) return;
    remembered_.insert(place(remembered_, number), Remembered{number, at->id_hash, at->ended_s});
    bytes_ -= at->size;
    if (only_asks(*at)) --asking_;
    entries_.erase(at);
}

void RecordIndex::erase(std::uint64_t number)
{
    if (const auto at = place(entries_, number); at != entries_.end() && at->number == number) {
        ids_.remove(at->id_hash, number);
        bytes_ -= at->size;
        if (only_asks(*at)) --asking_;
        entries_.erase(at);
    }
    if (const auto at = place(remembered_, number); at != remembered_.end() && at->number == number) {
        ids_.remove(at->id_hash, number);
        remembered_.erase(at);
    }
}

const Entry* RecordIndex::find(std::uint64_t number) const
{
    const auto at = place(entries_, number);
    return at != entries_.end() && at->number == number ? &*at : nullptr;
}

std::vector<std::uint64_t> RecordIndex::candidates(std::string_view id) const
{
    auto numbers = ids_.numbers(hash(id));
    std::sort(numbers.rbegin(), numbers.rend());
    return numbers;
}

std::vector<std::uint64_t> RecordIndex::matching(const Filter& filter, std::uint64_t before, std::size_t limit) const
{
    const auto name = filter.name ? hash(*filter.name) : 0;
    const auto parent = filter.parent ? hash(*filter.parent) : 0;
    const auto since_us = filter.since ? base::to_ns(*filter.since) / 1000 : INT64_MIN;
    const auto min_us = filter.min_duration ? filter.min_duration->count() / 1000 : -1;
    std::vector<std::uint64_t> found;
    auto at = before == 0 ? entries_.end() : place(entries_, before);
    while (at != entries_.begin() && found.size() < limit) {
        const auto& e = *--at;
        if ((filter.name && e.name_hash != name) || (filter.parent && e.parent_hash != parent) ||
            (filter.kind && e.kind != small(*filter.kind)) || (filter.outcome && e.outcome != small(filter.outcome)) ||
            (filter.state && e.state != small(*filter.state)) || e.created_us < since_us || e.duration_us < min_us)
            continue;
        found.push_back(e.number);
    }
    return found;
}

std::vector<std::uint64_t> RecordIndex::open() const
{
    std::vector<std::uint64_t> found;
    for (const auto& e : entries_)
        if (!ended(e)) found.push_back(e.number);
    return found;
}

std::vector<std::uint64_t> RecordIndex::victims(const Retention& retention, std::int64_t now_s, std::size_t extra,
                                                std::size_t limit) const
{
    std::vector<std::uint64_t> found;
    const std::int64_t max_age_s = std::chrono::duration_cast<std::chrono::seconds>(retention.max_age).count();
    auto count = entries_.size();
    auto bytes = bytes_;
    auto asking = asking_;
    const auto max_asking = retention.max_records / asking_share;
    for (const auto& e : entries_) {
        if (found.size() >= limit || e.number == entries_.back().number) break;
        const bool too_many = count > retention.max_records || bytes > retention.max_bytes || found.size() < extra;
        // Runs end in another order than they began, so behind one that is young enough there may be older ones; they
        // are found once it goes.
        const bool too_old = max_age_s > 0 && std::int64_t{e.ended_s} + max_age_s < now_s;
        const bool asks = only_asks(e);
        const bool asks_too_often = asking > max_asking;
        if (!ended(e)) continue;
        if (!too_many && !too_old) {
            if (!asks_too_often) break;
            if (!asks) continue;
        }
        found.push_back(e.number);
        --count;
        if (asks) --asking;
        bytes -= e.size;
    }
    return found;
}

std::vector<std::uint64_t> RecordIndex::forgettable(std::int64_t now_s, std::size_t limit) const
{
    std::vector<std::uint64_t> found;
    auto count = remembered_.size();
    for (const auto& id : remembered_) {
        if (found.size() >= limit || (count <= max_remembered && id.ended_s + remember_ids_s >= now_s)) break;
        found.push_back(id.number);
        --count;
    }
    return found;
}

} // namespace processd::store
