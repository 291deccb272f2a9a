// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/records.h"

#include "helpers/base/crash_point.h"
#include "helpers/base/log.h"
#include "processd/store/db.h"
#include "processd/store/directory.h"
#include "processd/store/record_index.h"
#include "processd/store/record_text.h"
#include "processd/store/tallies.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <sys/random.h>

namespace processd::store {
namespace {

constexpr int hash_size = 10'007; // half as many chains as records are kept
constexpr std::size_t max_queued = 4096;
constexpr std::size_t max_queued_bytes = 16U << 20U;
constexpr std::size_t max_removed = 2 * group_size; // in one transaction, so that each stays short

std::uint64_t random_seed()
{
    std::uint64_t seed = 0;
    if (::getrandom(&seed, sizeof seed, 0) != sizeof seed) seed = static_cast<std::uint64_t>(base::to_ns(base::now()));
    return seed;
}

bool out_of_space(const base::Error& error)
{
    return error.code == std::errc::no_space_on_device || error.code.value() == EDQUOT;
}

auto not_found(std::string_view what)
{
    return base::fail(base::Errc::not_found, "there is no run " + std::string(what));
}

} // namespace

struct Records::Impl {
    Impl(Db opened, RecordIndex known, Tallies counted, std::uint64_t last, const Retention& bounds)
        : db(std::move(opened)),
          index(std::move(known)),
          tallies(std::move(counted)),
          last_number(last),
          retention(bounds)
    {
    }

    struct Queued {
        std::string value;
        std::optional<model::RunCount> count; // of a run that has ended
    };

    struct Group {
        std::vector<std::uint64_t> put, expired, erased;
    };

    [[nodiscard]] base::Result<std::optional<std::string>> value(std::uint64_t number) const
    {
        if (const auto queued = queue.find(number); queued != queue.end()) return std::optional(queued->second.value);
        return db.get(number_key(number));
    }
    base::Result<Group> commit_group(base::WallTime now, std::size_t extra);
    bool begin_afresh(const base::Error& why);
    base::Result<void> remove(std::uint64_t number, std::int64_t now_s, Group& group);

    Db db;
    RecordIndex index; // of everything queued and stored
    Tallies tallies;   // of everything stored
    std::uint64_t last_number;
    Retention retention;
    std::map<std::uint64_t, Queued> queue; // by number
    std::size_t queued_bytes = 0;
    std::int64_t full_disk_told_s = 0;
};

Records::Records(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Records::Records(Records&&) noexcept = default;
Records& Records::operator=(Records&&) noexcept = default;
Records::~Records() = default;

base::Result<Records> Records::open(const Directory& directory, bool durable_commits, const Retention& retention)
{
    RecordIndex index{0};
    Tallies tallies;
    std::uint64_t last = 0;
    const auto read_all = [&](const Db& db) {
        index = RecordIndex{random_seed()};
        tallies = {};
        last = 0;
        std::size_t strange = 0;
        std::string example;
        // The index is sorted by number and tdb is not, so the entries wait until all are known.
        std::vector<std::pair<std::uint64_t, std::pair<Head, std::size_t>>> found;
        auto done = db.for_each([&](std::string_view key, std::string_view value) {
            if (tallies.take(key, value)) return;
            const auto number = number_from_key(key);
            if (number) last = std::max(last, *number);
            auto head = decode_head(value);
            if (!number || *number == 0 || !head) {
                ++strange;
                if (!head) example = head.error().message();
                return;
            }
            found.emplace_back(*number, std::pair{*std::move(head), value.size()});
        });
        std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        for (const auto& [number, what] : found) index.put(number, what.first, what.second);
        if (strange > 0)
            base::log::warning("records that this version cannot read are left alone",
                               {{"count", strange}, {"example", example}});
        return done;
    };
    auto db = Db::open_or_set_aside(directory.file("runs.tdb"), hash_size, durable_commits, read_all);
    if (!db) return tl::unexpected(db.error());
    return Records{std::make_unique<Impl>(*std::move(db), std::move(index), std::move(tallies), last, retention)};
}

std::uint64_t Records::next_number() { return ++impl_->last_number; }

base::Result<void> Records::put(const model::RunRecord& record)
{
    auto& s = *impl_;
    if (record.number == 0 || record.id.empty())
        return base::fail(base::Errc::bad_input, "a run record needs an id and a number above 0");
    const auto queued = s.queue.find(record.number);
    const bool room = s.queue.size() < max_queued && s.queued_bytes < max_queued_bytes;
    if (queued == s.queue.end() && !room)
        return base::fail(base::Errc::limit,
                          std::to_string(s.queue.size()) +
                              " run records wait to be written; the file system of the state directory "
                              "must take them first");
    std::string value;
    try {
        value = encode_record(record);
    } catch (const std::exception& e) { // nlohmann's, for a record that has no JSON form
        return base::fail(base::Errc::bad_input, "run " + record.id + " cannot be stored: " + e.what());
    }
    if (queued != s.queue.end()) s.queued_bytes -= queued->second.value.size();
    s.queued_bytes += value.size();
    s.last_number = std::max(s.last_number, record.number);
    s.index.put(record.number, head_of(record), value.size());
    auto& entry = s.queue[record.number];
    entry.value = std::move(value);
    if (record.state == model::RunState::ended) entry.count = model::count_of(record);
    return {};
}

std::size_t Records::pending() const { return impl_->queue.size(); }

base::Result<void> Records::Impl::remove(std::uint64_t number, std::int64_t now_s, Group& group)
{
    const auto key = number_key(number);
    const auto* entry = index.find(number);
    // Only an id that a client chose can come again.
    if (entry != nullptr && entry->clients_id && entry->ended_s + remember_ids_s >= now_s) {
        auto old = db.get(key);
        if (!old) return tl::unexpected(old.error());
        if (auto head = *old ? decode_head(**old) : base::fail(base::Errc::not_found, "")) {
            group.expired.push_back(number);
            return db.put(key, encode_id_only(*std::move(head)));
        }
    }
    group.erased.push_back(number);
    return db.erase(key);
}

// What is in the damaged file is lost to us; what is queued is not.
bool Records::Impl::begin_afresh(const base::Error& why)
{
    if (auto done = db.begin_afresh(why); !done) {
        base::log::error("run records cannot be written", {{"reason", done.error().message()}});
        return false;
    }
    index = RecordIndex{random_seed()};
    for (const auto& [number, queued] : queue)
        if (const auto head = decode_head(queued.value)) index.put(number, *head, queued.value.size());
    tallies.write_all_anew();
    return true;
}

// One transaction: the oldest queued records in, and out what retention no longer covers, or `extra` records at least.
base::Result<Records::Impl::Group> Records::Impl::commit_group(base::WallTime now, std::size_t extra)
{
    const auto now_s = base::to_ns(now) / 1'000'000'000;
    Group group;
    Tallies::Group counted(tallies, now);
    auto done = db.transact([&]() -> base::Result<void> {
        for (const auto number : index.victims(retention, now_s, extra, max_removed))
            if (!queue.contains(number))
                if (auto removed = remove(number, now_s, group); !removed) return removed;
        for (const auto number : index.forgettable(now_s, max_removed)) {
            if (auto erased = db.erase(number_key(number)); !erased) return erased;
            group.erased.push_back(number);
        }
        for (auto at = queue.begin(); at != queue.end() && group.put.size() < group_size; ++at) {
            if (auto stored = db.put(number_key(at->first), at->second.value); !stored) return stored;
            if (at->second.count) counted.add(*at->second.count);
            group.put.push_back(at->first);
        }
        if (auto stored = counted.write(db); !stored) return stored;
        base::crash_point("commit:before", "records");
        return {};
    });
    if (!done) return tl::unexpected(done.error());
    base::crash_point("commit:after", "records");
    tallies.committed(std::move(counted));
    for (const auto number : group.expired) index.expire(number);
    for (const auto number : group.erased) index.erase(number);
    for (const auto number : group.put) {
        const auto at = queue.find(number);
        queued_bytes -= at->second.value.size();
        queue.erase(at);
    }
    return group;
}

Flushed Records::flush(base::WallTime now)
{
    auto& s = *impl_;
    const auto now_s = base::to_ns(now) / 1'000'000'000;
    const auto work = [&] {
        return !s.queue.empty() || !s.index.victims(s.retention, now_s, 0, 1).empty() ||
               !s.index.forgettable(now_s, 1).empty();
    };
    Flushed flushed;
    bool begun_afresh = false;
    while (work()) {
        auto group = s.commit_group(now, 0);
        if (!group && out_of_space(group.error())) {
            // Old records make room for new ones: those are worth more, and what they describe is over.
            group = s.commit_group(now, max_removed);
            if (group && now_s - s.full_disk_told_s >= 3600) {
                base::log::warning("no space left for run records: the oldest make room", {{"kept", s.index.size()}});
                s.full_disk_told_s = now_s;
            }
        }
        if (!group && group.error().code == base::Errc::corrupt && !begun_afresh) {
            begun_afresh = true;
            if (s.begin_afresh(group.error())) continue;
        }
        if (!group) {
            flushed.error = group.error();
            break;
        }
        flushed.committed.insert(flushed.committed.end(), group->put.begin(), group->put.end());
        if (group->put.empty() && group->erased.empty() && group->expired.empty()) break;
    }
    return flushed;
}

base::Result<model::RunRecord> Records::get(std::uint64_t number) const
{
    if (impl_->index.find(number) == nullptr) return not_found("number " + std::to_string(number));
    auto value = impl_->value(number);
    if (!value) return tl::unexpected(value.error());
    if (!*value) return not_found("number " + std::to_string(number));
    return decode_record(**value, true);
}

std::optional<Known> Records::find(std::string_view id) const
{
    for (const auto number : impl_->index.candidates(id)) {
        auto value = impl_->value(number);
        if (!value || !*value) continue;
        const auto head = decode_head(**value);
        if (head && head->id == id) return Known{number, head->fingerprint, head->id_only};
    }
    return std::nullopt;
}

base::Result<model::RunRecord> Records::get(std::string_view id) const
{
    const auto known = find(id);
    if (!known || known->expired) return not_found(id);
    return get(known->number);
}

base::Result<Page> Records::query(const Filter& filter, std::string_view after, std::size_t limit) const
{
    std::uint64_t before = 0;
    if (!after.empty()) {
        const auto [rest, problem] = std::from_chars(after.data(), after.data() + after.size(), before);
        if (problem != std::errc{} || rest != after.data() + after.size() || before == 0)
            return base::fail(base::Errc::bad_input, "\"" + std::string(after) +
                                                         "\" is not a page: use what an earlier list gave as \"next\"");
    }
    limit = std::clamp<std::size_t>(limit, 1, max_page);
    Page page;
    while (true) {
        // One more than wanted tells whether there is a next page.
        const auto numbers = impl_->index.matching(filter, before, limit - page.runs.size() + 1);
        for (const auto number : numbers) {
            if (page.runs.size() == limit) {
                page.next = std::to_string(before);
                return page;
            }
            before = number;
            auto value = impl_->value(number);
            if (!value) return tl::unexpected(value.error());
            if (!*value) continue;
            auto record = decode_record(**value, false);
            if (!record) {
                base::log::warning("a run record cannot be read",
                                   {{"number", number}, {"reason", record.error().message()}});
                continue;
            }
            // The index compares hashes.
            if ((filter.name && record->name != *filter.name) || (filter.parent && record->parent != filter.parent))
                continue;
            page.runs.push_back(*std::move(record));
        }
        if (numbers.empty()) return page;
    }
}

base::Result<std::vector<model::RunRecord>> Records::open_records() const
{
    std::vector<model::RunRecord> records;
    for (const auto number : impl_->index.open()) {
        auto record = get(number);
        if (!record && record.error().code == base::Errc::corrupt) {
            base::log::warning("a run record cannot be read",
                               {{"number", number}, {"reason", record.error().message()}});
            continue;
        }
        if (!record) return tl::unexpected(record.error());
        records.push_back(*std::move(record));
    }
    return records;
}

const model::RunTally& Records::tally() const { return impl_->tallies.all(); }
void Records::keep_tallies_of(const std::set<std::string>& names) { impl_->tallies.keep_only(names); }

std::size_t Records::size() const { return impl_->index.size(); }
void Records::set_retention(const Retention& retention) { impl_->retention = retention; }
void Records::set_durable_commits(bool on) { impl_->db.set_durable_commits(on); }
int Records::fd() const { return impl_->db.fd(); }
std::uint64_t Records::commits() const { return impl_->db.commits(); }

} // namespace processd::store
