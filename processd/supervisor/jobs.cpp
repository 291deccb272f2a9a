// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/jobs.h"

#include "helpers/base/duration.h"
#include "helpers/base/log.h"
#include "helpers/base/nearest.h"
#include "processd/model/json.h"
#include "processd/supervisor/jobs_impl.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::supervisor {

using base::Errc;
using base::fail;
using nlohmann::json;
namespace job = model::job;

Jobs::Jobs(loop::Loop& loop, Runs& runs, Operations& operations, store::State& state)
    : impl_(std::make_unique<Impl>(*this, loop, runs, operations, state))
{
}
Jobs::~Jobs() = default;

void Jobs::load(const std::map<std::string, model::JobSpec>& specs)
{
    auto& m = *impl_;
    for (const auto& [name, spec] : specs) m.jobs[name].spec = spec;
    m.state.for_each("job/", [&](std::string_view key, const json& document) {
        const std::string name(key.substr(4));
        auto& entry = m.jobs[name];
        try {
            restore(entry, document);
        } catch (const json::exception& e) {
            base::log::error("a job's stored state cannot be read; it is taken as new",
                             {{"job", name}, {"reason", e.what()}});
        }
        if (entry.spec.name.empty()) { // removed from the configuration while it ran
            entry.removed = true;
            entry.spec.name = name;
        }
    });
    for (auto& [name, entry] : m.jobs) {
        const bool planned = entry.due.has_value();
        m.plan(entry, false);
        if (entry.due && !planned) m.save(entry); // or each manager would put it off
        m.take_up(entry);
        m.arm(entry);
    }
    for (const auto& operation : m.operations.open()) {
        if (operation.action != "run") continue;
        const bool known = std::any_of(m.jobs.begin(), m.jobs.end(), [&](const auto& item) {
            return std::any_of(item.second.lanes.begin(), item.second.lanes.end(), [&](const auto& lane) {
                const auto has = [&](const job::Trigger& t) {
                    return std::find(t.operations.begin(), t.operations.end(), operation.id) != t.operations.end();
                };
                return (lane.second.running && has(lane.second.running->trigger)) ||
                       (lane.second.pending && has(*lane.second.pending));
            });
        });
        if (!known)
            m.operations.finish(operation.id, "aborted", "the manager ended before the job had it, and it did not run");
    }
    m.watch_paths();
}

void Jobs::apply(const std::map<std::string, model::JobSpec>& specs)
{
    auto& m = *impl_;
    std::vector<std::string> gone;
    for (auto& [name, entry] : m.jobs) {
        entry.removed = !specs.contains(name);
        if (entry.removed) gone.push_back(name);
    }
    for (const auto& [name, spec] : specs) {
        const auto [at, added] = m.jobs.try_emplace(name);
        auto& entry = at->second;
        if (!added && entry.spec == spec) continue;
        const bool other_times = entry.spec.every != spec.every || entry.spec.start_delay != spec.start_delay;
        entry.spec = spec;
        std::erase_if(entry.prints, [&](const auto& print) {
            return std::find(spec.on_change.begin(), spec.on_change.end(), print.first) == spec.on_change.end();
        });
        m.plan(entry, added || other_times);
        m.save(entry);
        m.arm(entry);
        on_change.tell(name);
    }
    for (const auto& name : gone) m.forget_if_gone(name);
    m.watch_paths();
}

base::Result<Operation> Jobs::run(std::string_view name, const std::optional<model::Identity>& by)
{
    auto& m = *impl_;
    if (m.stopping) return fail(Errc::unavailable, "the daemon is stopping");
    const auto found = m.find(name);
    if (!found) return tl::unexpected(found.error());
    auto& entry = **found;
    const auto& lane = entry.lanes[""];
    if (lane.running && entry.spec.overlap == model::Overlap::skip)
        return fail(Errc::conflict, "job \"" + std::string(name) + "\" runs already, as run " + lane.running->run +
                                        " (" + lane.running->trigger.cause + ")");
    const auto operation = m.operations.begin("run", entry.spec.name, by);
    if (!operation) return operation;
    job::Trigger trigger;
    trigger.cause = by ? model::sentence(*by) : "the daemon";
    trigger.operations = {operation->id};
    m.trigger(entry, "", job::By::person, std::move(trigger));
    return m.operations.get(operation->id);
}

void Jobs::abort(const Operation& operation, const model::Identity& by)
{
    auto& m = *impl_;
    const auto found = m.jobs.find(operation.service);
    if (operation.action != "run" || found == m.jobs.end()) return;
    auto& entry = found->second;
    for (auto& [name, lane] : entry.lanes) {
        if (lane.pending && std::erase(lane.pending->operations, operation.id) > 0) {
            // What else has triggered it meanwhile stays.
            if (--lane.pending->count == 0) lane.pending.reset();
        }
        if (lane.running && std::erase(lane.running->trigger.operations, operation.id) > 0 &&
            --lane.running->trigger.count == 0)
            (void)m.runs.stop(lane.running->run, model::run::StopWanted{}, "aborted by " + model::sentence(by));
    }
    m.save(entry);
    m.arm(entry);
    on_change.tell(operation.service);
}

std::vector<store::Change> Jobs::edge(const model::Edge& edge, std::string_view named)
{
    auto& m = *impl_;
    std::vector<store::Change> changes;
    if (m.stopping) return changes;
    for (auto& [name, entry] : m.jobs) {
        if (entry.removed || (name != named && !job::wants(entry.spec, edge))) continue;
        // A job has one lane for whatever triggers it; a hook's lanes are apart.
        m.feed(entry, entry.spec.hook ? job::lane_of(edge) : "", job::Triggered{job::By::edge, job::trigger_of(edge)});
        m.arm(entry);
        changes.push_back(Impl::document(entry));
    }
    return changes;
}

void Jobs::stop()
{
    auto& m = *impl_;
    m.stopping = true;
    m.paths.set({});
    for (auto& [name, entry] : m.jobs) {
        entry.timer.reset();
        for (auto& [lane_name, lane] : entry.lanes) {
            if (lane.pending)
                for (const auto& operation : lane.pending->operations)
                    m.operations.finish(operation, "aborted", "the daemon is stopping");
            lane.pending.reset();
            if (lane.running) (void)m.runs.stop(lane.running->run, model::run::StopWanted{}, "the daemon is stopping");
        }
        m.save(entry);
    }
}

std::vector<std::string> Jobs::names() const
{
    std::vector<std::string> names;
    for (const auto& entry : impl_->jobs) names.push_back(entry.first);
    return names;
}

base::Result<json> Jobs::status(std::string_view name) const
{
    const auto found = impl_->find(name);
    if (!found) return tl::unexpected(found.error());
    return job_status(std::string(name), **found, impl_->runs);
}

std::set<std::string> Jobs::running() const
{
    std::set<std::string> names;
    for (const auto& [name, entry] : impl_->jobs)
        for (const auto& [lane_name, lane] : entry.lanes)
            if (lane.running) names.insert(name);
    return names;
}

base::Result<JobEntry*> Jobs::Impl::find(std::string_view name)
{
    const auto found = jobs.find(name);
    if (found != jobs.end()) return &found->second;
    std::string message = "there is no job \"" + std::string(name) + "\"";
    std::vector<std::string_view> names;
    for (const auto& entry : jobs) names.push_back(entry.first);
    if (const auto best = base::nearest(name, names); !best.empty())
        message += "; did you mean \"" + std::string(best) + "\"?";
    return fail(Errc::not_found, message);
}

} // namespace processd::supervisor
