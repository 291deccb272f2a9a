// SPDX-License-Identifier: GPL-3.0-or-later
// processd/store/records.h: run records in runs.tdb, found by number, by id, or newest first through filters.
//
// put() only queues; flush() commits the queue in transactions of at most group_size records. The caller flushes when
// group_full(), and else group_delay after the first put(): there is no clock in here. A record is durable against
// SIGKILL when flush() has named it in `committed`; only then may the run's exit be acknowledged to the keeper. When a
// commit fails (disk full), its records stay queued for the next flush(). The queue has a bound; beyond it put()
// refuses with Errc::limit and the run stays with the keeper, unacknowledged, until a later put() succeeds.
//
// Queued records are found by every look-up, so readers need not care. Memory: about 90 bytes for each record.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"
#include "processd/model/run_record.h"
#include "processd/model/run_tally.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace processd::store {

class Db;
class Directory;

inline constexpr std::size_t group_size = 64;
inline constexpr base::Duration group_delay = std::chrono::milliseconds{50};
inline constexpr std::size_t max_page = 1000;

// Whichever bound is reached first removes the oldest ended records, in the transaction that adds new ones. Open
// records and the newest one stay. Runs that only ask (readiness, checks, lookups) come by the clock, so they may have
// a quarter of max_records and no more: what people look for is not pushed out by them.
struct Retention {
    std::uint64_t max_records = 20'000;
    base::Duration max_age{};                // since the end of the run; zero: no limit
    std::uint64_t max_bytes = 256ULL << 20U; // of all values; a record is about 1.5 KB and its output tail
    friend bool operator==(const Retention&, const Retention&) = default;
};

struct Filter { // all that are set must match
    std::optional<std::string> name;
    std::optional<model::RunKind> kind;
    std::optional<model::OutcomeKind> outcome;
    std::optional<model::RunState> state;
    std::optional<base::WallTime> since; // created then or later
    std::optional<base::Duration> min_duration;
    std::optional<std::string> parent;
};

struct Page {
    std::vector<model::RunRecord> runs; // newest first, without their tails
    std::optional<std::string> next;    // pass as `after` to go on; none at the end
};

struct Known { // what a repeated PUT needs
    std::uint64_t number = 0;
    std::uint64_t fingerprint = 0;
    bool expired = false; // the record itself is gone, only its id is remembered
};

struct Flushed {
    std::vector<std::uint64_t> committed; // numbers, durable now
    std::optional<base::Error> error;     // why the rest is still queued
};

class Records {
public:
    // Reads the file's index lines once. A damaged or foreign file is set aside as runs.tdb.corrupt-TIME with a logged
    // error and a fresh one is begun.
    static base::Result<Records> open(const Directory& directory, bool durable_commits, const Retention& retention);
    Records(Records&&) noexcept;
    Records& operator=(Records&&) noexcept;
    ~Records(); // does not flush

    // Above every number put, found or handed out so far.
    [[nodiscard]] std::uint64_t next_number();

    // Replaces what has the same number. Of a run that has ended this comes once, as it is counted then.
    base::Result<void> put(const model::RunRecord& record);
    [[nodiscard]] std::size_t pending() const; // records queued
    [[nodiscard]] bool group_full() const { return pending() >= group_size; }
    // Commits what is queued and removes what retention no longer covers; `now` is for its age.
    Flushed flush(base::WallTime now);

    [[nodiscard]] base::Result<model::RunRecord> get(std::uint64_t number) const; // Errc::not_found
    [[nodiscard]] base::Result<model::RunRecord> get(std::string_view id) const;  // Errc::not_found
    // An id that a client chose is remembered as long as its record and at least 24 hours.
    [[nodiscard]] std::optional<Known> find(std::string_view id) const;
    // `after` is a Page's next, or empty for the newest; Errc::bad_input otherwise. limit is cut to max_page.
    [[nodiscard]] base::Result<Page> query(const Filter& filter, std::string_view after, std::size_t limit) const;
    // Records whose state is not ended, oldest first: at start, those the keeper does not know are lost.
    [[nodiscard]] base::Result<std::vector<model::RunRecord>> open_records() const;
    [[nodiscard]] std::size_t size() const;

    // What is counted of all ended runs that were ever committed, and of which names it is kept.
    [[nodiscard]] const model::RunTally& tally() const;
    void keep_tallies_of(const std::set<std::string>& names);

    void set_retention(const Retention& retention);
    void set_durable_commits(bool on); // Sync::always
    [[nodiscard]] int fd() const;      // of the file, for fdatasync
    [[nodiscard]] std::uint64_t commits() const;

private:
    struct Impl;
    explicit Records(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace processd::store
