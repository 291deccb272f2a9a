// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/run_tally.h: what is counted of runs that have ended, for GET /v1/metrics. The store adds a run to it
// in the transaction that puts its final record there, so that each is counted once, whatever becomes of the manager.
//
// How many series there are is bounded by the configuration: only what is declared counts under its name. Ad-hoc runs,
// whose commands can be anything, scripts and look-ups are counted together, with an empty name.
#pragma once

#include "processd/model/histogram.h"
#include "processd/model/run_record.h"

#include <array>
#include <map>
#include <string>

namespace processd::model {

inline constexpr std::size_t outcome_kinds = static_cast<std::size_t>(OutcomeKind::lost) + 1;

// What one run adds.
struct RunCount {
    RunKind kind = RunKind::adhoc;
    std::string name;
    OutcomeKind outcome = OutcomeKind::exited;
    bool success = false;
    std::optional<base::Duration> duration;
    std::optional<base::Duration> wait; // from being asked for to running
    base::Duration cpu{};
    StreamCount out, err;
    friend bool operator==(const RunCount&, const RunCount&) = default;
};
std::string counted_name(RunKind kind, const std::string& name);
RunCount count_of(const RunRecord& record); // which has ended

struct KindTally {
    base::WallTime created{}; // when counting began
    std::array<std::uint64_t, outcome_kinds> outcomes{};
    Histogram wait{bounds::wait};
    void add(const RunCount& run);
};

struct NameTally {
    struct Of {
        std::uint64_t failed = 0; // that did not exit with 0
        Histogram duration{bounds::run};
    };
    base::WallTime created{};
    std::map<RunKind, Of> kinds;
    base::Duration cpu{}; // as main processes and jobs say: leaders and whom they waited for
    StreamCount out, err;
    void add(const RunCount& run);
};

struct RunTally {
    std::map<RunKind, KindTally> kinds;
    std::map<std::string, NameTally> names;
};

// As stored. The readers throw nlohmann's exceptions.
std::string text_of(const KindTally& tally);
std::string text_of(const NameTally& tally);
KindTally kind_tally_from(const nlohmann::json& j);
NameTally name_tally_from(const nlohmann::json& j);

} // namespace processd::model
