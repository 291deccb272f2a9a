// SPDX-License-Identifier: GPL-3.0-or-later
// A job's stored form, its request for a run, and its status as GET /v1/jobs/{name} shows it.
#include "helpers/base/wall_time.h"
#include "processd/model/json.h"
#include "processd/supervisor/jobs_impl.h"
#include "processd/supervisor/last_lines.h"

#include <nlohmann/json.hpp>

namespace processd::supervisor {
namespace {

using nlohmann::json;
namespace job = model::job;

json wall_of(base::Time at) { return model::json_time(base::wall_now() + (at - base::now())); }

template <class Names> json list_of(const Names& edges)
{
    json list = json::array();
    for (const auto edge : edges) list.push_back(model::name_of(edge));
    return list;
}

} // namespace

json stored(const JobEntry& entry)
{
    json j{{"lanes", json::object()},
           {"due_ns", entry.due ? json(base::to_ns(*entry.due)) : json(nullptr)},
           {"prints", entry.prints},
           {"runs", entry.runs},
           {"failures", entry.failures},
           {"skipped", entry.skipped},
           {"last", nullptr}};
    for (const auto& [name, lane] : entry.lanes) j["lanes"][name] = lane;
    if (entry.last)
        j["last"] = {{"run", entry.last->run},
                     {"cause", entry.last->cause},
                     {"outcome", entry.last->outcome},
                     {"ended", model::json_time(entry.last->ended)},
                     {"good", entry.last->good}};
    return j;
}

void restore(JobEntry& entry, const json& j)
{
    for (const auto& [name, lane] : j.at("lanes").items()) entry.lanes[name] = lane.get<job::Lane>();
    if (const auto& due = j.at("due_ns"); !due.is_null()) entry.due = base::time_from_ns(due);
    entry.prints = j.at("prints").get<std::map<std::string, std::string>>();
    entry.runs = j.at("runs");
    entry.failures = j.at("failures");
    entry.skipped = j.at("skipped");
    if (const auto& last = j.at("last"); !last.is_null()) {
        const auto ended = base::parse_wall_time(last.at("ended").get_ref<const std::string&>());
        entry.last = LastRun{last.at("run"), last.at("cause"), last.at("outcome").get<model::Outcome>(),
                             ended ? *ended : base::WallTime{}, last.at("good")};
    }
}

RunRequest run_request(const JobEntry& entry, const job::Running& running)
{
    const auto& spec = entry.spec;
    RunRequest request;
    request.id = running.run;
    request.kind = spec.hook ? model::RunKind::hook : model::RunKind::job;
    request.name = spec.name;
    if (!running.trigger.operations.empty()) request.parent = running.trigger.operations.front();
    request.process = spec.process;
    auto& environment = request.process.environment;
    environment["CTDB_PROCESSD_JOB"] = spec.name;
    environment["CTDB_PROCESSD_CAUSE"] = running.trigger.cause;
    environment["CTDB_PROCESSD_COUNT"] = std::to_string(running.trigger.count);
    for (const auto& [key, value] : running.trigger.environment) environment[key] = value;
    request.timeout = spec.timeout;
    request.stop_timeout = spec.stop_timeout;
    return request;
}

json job_status(const std::string& name, const JobEntry& entry, const Runs& runs)
{
    const auto& spec = entry.spec;
    json running = json::array();
    json pending = json::array();
    for (const auto& [lane_name, lane] : entry.lanes) {
        if (lane.running) {
            const auto record = runs.get(lane.running->run);
            running.push_back({{"run", lane.running->run},
                               {"cause", lane.running->trigger.cause},
                               {"started", record ? model::json_time(record->started) : json(nullptr)}});
        }
        if (lane.pending)
            pending.push_back({{"cause", lane.pending->cause},
                               {"count", lane.pending->count},
                               {"not_before", lane.running ? json(nullptr) : wall_of(lane.pending_at)}});
    }
    json last = nullptr;
    if (entry.last) {
        last = entry.last->outcome;
        last["run"] = entry.last->run;
        last["cause"] = entry.last->cause;
        last["ended"] = model::json_time(entry.last->ended);
        last["good"] = entry.last->good;
        last["sentence"] = model::sentence(entry.last->outcome);
        const auto record = runs.get(entry.last->run);
        last["lines"] = lines_json(record ? last_lines(record->tail) : std::vector<model::OutputPiece>{});
    }
    const bool timed = spec.every > base::Duration{};
    return {{"name", name},
            {"kind", spec.hook ? "hook" : "job"},
            {"state", !running.empty()   ? "running"
                      : !pending.empty() ? "pending"
                                         : "idle"},
            {"command", model::shown_command(spec.process)},
            {"every_ms", timed ? model::json_ms(spec.every) : json(nullptr)},
            {"on_change", spec.on_change},
            {"on", list_of(spec.on)},
            {"of", spec.of},
            {"overlap", model::name_of(spec.overlap)},
            {"timeout_ms", model::json_ms(spec.timeout)},
            {"next", entry.due ? wall_of(*entry.due) : json(nullptr)},
            {"running", std::move(running)},
            {"pending", std::move(pending)},
            {"last", std::move(last)},
            {"runs", entry.runs},
            {"failures", entry.failures},
            {"skipped", entry.skipped},
            {"removed", entry.removed}};
}

} // namespace processd::supervisor
