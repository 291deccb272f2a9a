// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/runs_impl.h: the class behind Runs. It is one; its parts are in files of their own: runs.cpp what
// others ask for, runs_start.cpp the way to the keeper, runs_course.cpp what becomes of a run from there on,
// runs_take_up.cpp what an earlier manager began. The table owns the runs, the archive their way into the store.
#pragma once

#include "processd/supervisor/run_archive.h"
#include "processd/supervisor/run_table.h"
#include "processd/supervisor/runs.h"
#include "processd/supervisor/spawn_request.h"

namespace processd::supervisor {

Prepared own_identity();

struct Runs::Impl {
    Runs& owner;
    loop::Loop& loop;
    loop::KeeperClient& keeper;
    store::Records& records;
    Journal& journal;
    std::string prepare_program;
    Limits limits{};
    const Prepared self = own_identity();

    RunTable table{};
    RunArchive archive{loop, keeper, records, journal, table};
    int adhoc_active = 0;
    bool resumed = false;

    // The way to the keeper. A run that needs more than plain root has a lookup first: a run of processd-prepare.
    LiveRun& add(Launch launch);
    void begin(LiveRun& live);
    void spawn(LiveRun& live, const Prepared& prepared);
    void fail_spawn(LiveRun& live, int errno_value, std::string stage); // before the keeper was asked
    void lookup_ended(LiveRun& lookup);

    // What becomes of it: inputs for its machine, and the machine's actions.
    void update(LiveRun& live); // told has changed
    void feed(LiveRun& live, const model::run::Input& input, base::Time now);
    void arm(LiveRun& live);
    void perform(LiveRun& live, const model::run::Action& action);
    void tell_end(LiveRun& live);
    void read_output(LiveRun& live);
    void take_output(LiveRun& live); // into the record
    void close_if_drained(LiveRun& live);
    void close(LiveRun& live);

    // What exists when this manager begins.
    void bind(LiveRun& live, const protocol::ChildState& state, std::vector<base::UniqueFd>& fds);
    void adopt(const protocol::ChildState& state, std::string_view cookie, std::vector<base::UniqueFd>& fds);
    void adopt_target(LiveRun& lookup);
    void take_up_output(std::uint64_t newest_line);
    void go_on(LiveRun& live);
    void lose_unknown(); // open records that the keeper knows nothing of
};

} // namespace processd::supervisor
