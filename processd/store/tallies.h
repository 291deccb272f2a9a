// SPDX-License-Identifier: GPL-3.0-or-later
// processd/store/tallies.h: what is counted of ended runs, kept in runs.tdb beside the records and changed in the same
// transactions: a run is counted when its record is on record as ended, exactly then. docs/records.md has the keys.
// Private to this room, as Records' part.
#pragma once

#include "helpers/base/result.h"
#include "processd/model/run_tally.h"

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace processd::store {

class Db;

class Tallies {
public:
    // At the beginning: true if the key is of a tally.
    bool take(std::string_view key, std::string_view value);
    [[nodiscard]] const model::RunTally& all() const noexcept { return all_; }
    // Others than these, and the one without a name, go with the next transaction.
    void keep_only(const std::set<std::string>& names);
    void write_all_anew() { all_anew_ = true; } // the file is another one

    // What one transaction changes.
    class Group {
    public:
        Group(const Tallies& tallies, base::WallTime now) : tallies_(tallies), now_(now) {}
        void add(const model::RunCount& run);
        [[nodiscard]] base::Result<void> write(Db& db) const; // inside of it

    private:
        friend class Tallies;
        const Tallies& tallies_;
        base::WallTime now_;
        model::RunTally changed_;
    };
    void committed(Group&& group);

private:
    model::RunTally all_;
    std::set<std::string> dropped_; // names that are still in the file
    bool all_anew_ = false;
};

} // namespace processd::store
