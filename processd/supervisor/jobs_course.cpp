// SPDX-License-Identifier: GPL-3.0-or-later
// The lanes of jobs: triggers in, states on record, runs started and seen to their end.
#include "helpers/base/duration.h"
#include "helpers/base/log.h"
#include "processd/supervisor/jobs_impl.h"
#include "processd/supervisor/ulid.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::supervisor {

using model::RunRecord;
namespace job = model::job;

namespace {

model::Outcome never_began()
{
    model::Outcome outcome;
    outcome.kind = model::OutcomeKind::cancelled;
    return outcome;
}

} // namespace

Jobs::Impl::Impl(Jobs& o, loop::Loop& l, Runs& r, Operations& ops, store::State& s)
    : owner(o),
      loop(l),
      runs(r),
      operations(ops),
      state(s),
      do_soon(l, [this] { carry_out(); }),
      paths(l, [this](const std::string& path, const std::string& print) { path_seen(path, print); })
{
    run_changes = runs.on_change.subscribe([this](const RunRecord& record, Moment m) { run_changed(record, m); });
}

store::Change Jobs::Impl::document(const JobEntry& entry)
{
    return store::change_of("job/" + entry.spec.name, stored(entry));
}

void Jobs::Impl::save(JobEntry& entry)
{
    std::erase_if(entry.lanes, [now = base::now()](const auto& lane) { return job::is_idle(lane.second, now); });
    state.keep({document(entry)});
}

void Jobs::Impl::feed(JobEntry& entry, const std::string& name, const job::Input& input)
{
    auto& lane = entry.lanes[name];
    auto step = job::step(entry.spec, lane, input, base::now());
    lane = std::move(step.next);
    if (!step.action) return;
    switch (*step.action) {
    case job::Action::skip:
        ++entry.skipped;
        base::log::info("a job is skipped, as it runs already", {{"job", entry.spec.name}, {"run", lane.running->run}});
        return;
    case job::Action::start:
        lane.running->run = make_ulid(base::wall_now());
        place_of_run[lane.running->run] = {entry.spec.name, name};
        break;
    case job::Action::stop: break;
    }
    deeds.push_back({entry.spec.name, name, lane.running->run, *step.action == job::Action::start});
    do_soon.arm();
}

void Jobs::Impl::trigger(JobEntry& entry, const std::string& lane, job::By by, job::Trigger trigger)
{
    feed(entry, lane, job::Triggered{by, std::move(trigger)});
    save(entry);
    arm(entry);
    owner.on_change.tell(entry.spec.name);
}

void Jobs::Impl::carry_out()
{
    while (!deeds.empty()) {
        const auto deed = deeds.front();
        deeds.pop_front();
        const auto found = jobs.find(deed.job);
        if (found == jobs.end()) continue;
        const auto lane = found->second.lanes.find(deed.lane);
        if (lane == found->second.lanes.end() || !lane->second.running || lane->second.running->run != deed.run)
            continue;
        if (deed.start && stopping)
            run_ended(found->second, deed.lane, never_began(), base::wall_now());
        else if (deed.start)
            start_run(found->second, deed.lane);
        else
            (void)runs.stop(deed.run, model::run::StopWanted{}, "it is replaced by another run of the job");
        owner.on_change.tell(deed.job);
    }
}

void Jobs::Impl::start_run(JobEntry& entry, const std::string& name)
{
    const auto running = *entry.lanes.at(name).running;
    auto request = run_request(entry, running);
    if (!running.trigger.operations.empty())
        if (const auto operation = operations.get(running.trigger.operations.front()))
            request.asked_by = operation->asked_by;
    base::log::info("job starts", {{"job", entry.spec.name}, {"run", running.run}, {"cause", running.trigger.cause}});
    if (const auto started = runs.start(std::move(request)); !started) {
        base::log::error("a job's command cannot be started",
                         {{"job", entry.spec.name}, {"reason", started.error().message()}});
        model::Outcome outcome;
        outcome.kind = model::OutcomeKind::spawn_failed;
        outcome.stage = "request";
        return run_ended(entry, name, outcome, base::wall_now());
    }
    for (const auto& operation : running.trigger.operations) operations.add_run(operation, running.run);
}

void Jobs::Impl::run_changed(const RunRecord& record, Moment moment)
{
    const auto place = place_of_run.find(record.id);
    if (place == place_of_run.end()) return;
    const auto [name, lane] = place->second;
    const auto found = jobs.find(name);
    if (found == jobs.end()) return;
    if (moment == Moment::closed) return run_ended(found->second, lane, *record.outcome, record.ended);
    owner.on_change.tell(name);
}

void Jobs::Impl::run_ended(JobEntry& entry, const std::string& lane_name, const model::Outcome& outcome,
                           base::WallTime ended)
{
    const std::string name = entry.spec.name;
    const auto lane = entry.lanes.find(lane_name);
    if (lane == entry.lanes.end() || !lane->second.running) return;
    const auto running = *lane->second.running;
    place_of_run.erase(running.run);
    const bool good =
        outcome.kind == model::OutcomeKind::exited && outcome.code && entry.spec.success_codes.contains(*outcome.code);
    entry.last = LastRun{running.run, running.trigger.cause, outcome, ended, good};
    ++entry.runs;
    std::vector<store::Change> with;
    if (!good) {
        ++entry.failures;
        base::log::warning(
            "a job failed",
            {{"job", name}, {"run", running.run}, {"cause", running.trigger.cause}, {"outcome", sentence(outcome)}});
        if (!entry.spec.hook && !running.replaced)
            with =
                owner.edge({model::EdgeKind::job_failed, name, "", "", sentence("its command", outcome), running.run});
    }
    feed(entry, lane_name, job::Ended{});
    // What waits for it is told before the lane forgets it: a manager in between does this once more.
    for (const auto& operation : running.trigger.operations)
        operations.finish(operation, good ? "ok" : "failed", good ? "" : sentence("its command", outcome));
    std::erase_if(entry.lanes, [now = base::now()](const auto& one) { return job::is_idle(one.second, now); });
    with.push_back(document(entry));
    state.keep(with);
    arm(entry);
    owner.on_change.tell(name);
    forget_if_gone(name);
}

void Jobs::Impl::forget_if_gone(const std::string& name)
{
    const auto found = jobs.find(name);
    if (found == jobs.end() || !found->second.removed) return;
    auto& entry = found->second;
    entry.timer.reset();
    entry.due.reset();
    bool runs_on = false;
    for (auto& [lane_name, lane] : entry.lanes) {
        if (lane.pending)
            for (const auto& operation : lane.pending->operations)
                operations.finish(operation, "aborted", "the job was removed from the configuration");
        lane.pending.reset();
        runs_on = runs_on || lane.running;
    }
    if (runs_on) return save(entry);
    state.keep({{"job/" + name, std::nullopt}});
    jobs.erase(found);
    owner.on_change.tell(name);
}

void Jobs::Impl::path_seen(const std::string& path, const std::string& print)
{
    for (auto& [name, entry] : jobs) {
        const auto& watched = entry.spec.on_change;
        if (entry.removed || std::find(watched.begin(), watched.end(), path) == watched.end()) continue;
        const auto [known, first] = entry.prints.try_emplace(path, print);
        if (!first && known->second == print) continue;
        known->second = print;
        if (first) {
            save(entry);
            continue;
        }
        job::Trigger changed;
        changed.cause = path + " changed";
        changed.environment["CTDB_PROCESSD_PATH"] = path;
        trigger(entry, "", job::By::path, std::move(changed));
    }
}

void Jobs::Impl::plan(JobEntry& entry, bool anew)
{
    if (entry.spec.every == base::Duration{} || entry.removed)
        entry.due.reset();
    else if (!entry.due || anew)
        entry.due = job::next_due(entry.spec, base::now(), true, chance());
}

void Jobs::Impl::tick(JobEntry& entry)
{
    const auto now = base::now();
    std::vector<std::string> due;
    for (const auto& [name, lane] : entry.lanes)
        if (const auto at = job::deadline(lane); at && *at <= now) due.push_back(name);
    for (const auto& name : due) feed(entry, name, job::Tick{});
    if (entry.due && *entry.due <= now) {
        entry.due = job::next_due(entry.spec, now, false, chance());
        job::Trigger timed;
        timed.cause =
            "every " + base::format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(entry.spec.every));
        feed(entry, "", job::Triggered{job::By::time, std::move(timed)});
    }
    save(entry);
    arm(entry);
    owner.on_change.tell(entry.spec.name);
}

void Jobs::Impl::arm(JobEntry& entry)
{
    std::optional<base::Time> next = entry.due;
    for (const auto& [name, lane] : entry.lanes)
        if (const auto at = job::deadline(lane); at && (!next || *at < *next)) next = at;
    if (!next || stopping) {
        entry.timer.reset();
        return;
    }
    if (!entry.timer)
        entry.timer = std::make_unique<loop::Timer>(loop, [this, name = entry.spec.name] {
            if (const auto found = jobs.find(name); found != jobs.end()) tick(found->second);
        });
    entry.timer->at(*next);
}

void Jobs::Impl::watch_paths()
{
    std::map<std::string, base::Duration> all;
    for (const auto& [name, entry] : jobs)
        for (const auto& path : entry.spec.on_change)
            if (!entry.removed) {
                const auto [at, added] = all.emplace(path, entry.spec.settle);
                if (!added) at->second = std::max(at->second, entry.spec.settle);
            }
    paths.set(all);
}

// Before Runs::resume(), which tells what the keeper knows of living and unrecorded runs: here is what only the lanes
// know.
void Jobs::Impl::take_up(JobEntry& entry)
{
    std::vector<std::string> names;
    for (const auto& lane : entry.lanes) names.push_back(lane.first);
    for (const auto& name : names) {
        const auto& running = entry.lanes.at(name).running;
        if (!running) continue;
        const auto run = running->run;
        place_of_run[run] = {entry.spec.name, name};
        const auto record = runs.get(run);
        if (!record) { // decided and never asked for
            deeds.push_back({entry.spec.name, name, run, true});
            do_soon.arm();
        } else if (record->state == model::RunState::ended) {
            run_ended(entry, name, *record->outcome, record->ended);
        } else if (running->replaced) {
            deeds.push_back({entry.spec.name, name, run, false});
            do_soon.arm();
        }
    }
}

} // namespace processd::supervisor
