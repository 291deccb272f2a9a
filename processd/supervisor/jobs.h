// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/jobs.h: all jobs and hooks: model::job lanes bound to their runs, and what triggers them: time,
// paths, edges and people. What a job is about to do is in state.tdb before it does it; an edge goes there together
// with the state that it is an edge of, so that its hook runs once whatever happens to the manager.
#pragma once

#include "processd/model/job.h"
#include "processd/store/state.h"
#include "processd/supervisor/event.h"
#include "processd/supervisor/operations.h"

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace processd::loop {
class Loop;
}

namespace processd::supervisor {

class Runs;

class Jobs {
public:
    Jobs(loop::Loop& loop, Runs& runs, Operations& operations, store::State& state);
    ~Jobs();
    Jobs(const Jobs&) = delete;
    Jobs& operator=(const Jobs&) = delete;

    // At start: the configuration. What state.tdb holds is of an earlier manager of this keeper.
    void load(const std::map<std::string, model::JobSpec>& specs);
    // After a reload: changed ones apply at their next start; one that is gone and runs is forgotten when it has ended.
    void apply(const std::map<std::string, model::JobSpec>& specs);

    // An operation that is done when the job has run; one that runs already follows its "overlap". Errc::not_found
    // names the nearest job; Errc::conflict: it runs and is to be skipped then.
    base::Result<Operation> run(std::string_view name, const std::optional<model::Identity>& by);
    // Of one that run() began: its run is told to end, or never begins, unless it is for somebody else as well. Nothing
    // for other operations.
    void abort(const Operation& operation, const model::Identity& by);
    // What the edge makes of the jobs, to go on record together with what it is an edge of; starts follow by
    // themselves. named: a job that it makes run in any case; empty: none.
    std::vector<store::Change> edge(const model::Edge& edge, std::string_view named = {});
    // Starts nothing any more and tells what runs to end.
    void stop();

    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] base::Result<nlohmann::json> status(std::string_view name) const; // docs/openapi.yaml, Job
    [[nodiscard]] std::set<std::string> running() const;

    Event<const std::string&> on_change; // name

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace processd::supervisor
