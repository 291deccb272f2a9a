// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/jobs_impl.h: the class behind Jobs. It is one; its parts are in files of their own: jobs.cpp what
// others ask for, jobs_course.cpp the lanes, their triggers and runs, job_entry.cpp what is stored and shown.
#pragma once

#include "processd/loop/loop.h"
#include "processd/supervisor/jobs.h"
#include "processd/supervisor/path_watches.h"
#include "processd/supervisor/runs.h"

#include <deque>
#include <random>

namespace processd::supervisor {

struct LastRun {
    std::string run, cause;
    model::Outcome outcome;
    base::WallTime ended;
    bool good = false;
};

struct JobEntry {
    model::JobSpec spec;
    bool removed = false; // from the configuration; forgotten once nothing of it runs
    std::map<std::string, model::job::Lane, std::less<>> lanes; // "": its own
    std::optional<base::Time> due;                              // the next start by time
    std::map<std::string, std::string> prints;                  // of the paths of on_change, as last acted on
    std::optional<LastRun> last;
    std::uint64_t runs = 0, failures = 0, skipped = 0; // in this keeper life
    std::unique_ptr<loop::Timer> timer;
};
using JobMap = std::map<std::string, JobEntry, std::less<>>;

nlohmann::json stored(const JobEntry& entry);
void restore(JobEntry& entry, const nlohmann::json& document); // throws nlohmann's exceptions
nlohmann::json job_status(const std::string& name, const JobEntry& entry, const Runs& runs);
RunRequest run_request(const JobEntry& entry, const model::job::Running& running);

struct Jobs::Impl {
    Jobs& owner;
    loop::Loop& loop;
    Runs& runs;
    Operations& operations;
    store::State& state;
    JobMap jobs;
    struct Place {
        std::string job, lane;
    };
    std::map<std::string, Place, std::less<>> place_of_run;
    std::mt19937_64 random{std::random_device{}()};
    bool stopping = false;
    // What is on record and still to be done, at the end of the turn.
    struct Deed {
        std::string job, lane, run;
        bool start = false; // or stop
    };
    std::deque<Deed> deeds;
    loop::Deferred do_soon;
    PathWatches paths;
    Subscription run_changes;

    Impl(Jobs& o, loop::Loop& l, Runs& r, Operations& ops, store::State& s);

    // The lane's next state, with what it wants done among `deeds`; not on record yet.
    void feed(JobEntry& entry, const std::string& lane, const model::job::Input& input);
    void trigger(JobEntry& entry, const std::string& lane, model::job::By by, model::job::Trigger trigger);
    void carry_out();
    void start_run(JobEntry& entry, const std::string& lane);
    void run_changed(const model::RunRecord& record, Moment moment);
    void run_ended(JobEntry& entry, const std::string& lane, const model::Outcome& outcome, base::WallTime ended);
    void path_seen(const std::string& path, const std::string& print);
    void tick(JobEntry& entry);
    void plan(JobEntry& entry, bool anew); // its next start by time
    void arm(JobEntry& entry);
    void watch_paths();
    void take_up(JobEntry& entry);
    static store::Change document(const JobEntry& entry);
    void save(JobEntry& entry);
    void forget_if_gone(const std::string& name);
    base::Result<JobEntry*> find(std::string_view name);
    double chance() { return std::uniform_real_distribution<>{0, 1}(random); }
};

} // namespace processd::supervisor
