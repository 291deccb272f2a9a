// SPDX-License-Identifier: GPL-3.0-or-later
// The status of a service as GET /v1/services/{name} shows it.
#include "processd/supervisor/service_entry.h"

#include "processd/model/json.h"
#include "processd/supervisor/config_json.h"
#include "processd/supervisor/last_lines.h"

#include <nlohmann/json.hpp>

namespace processd::supervisor {
namespace {

using nlohmann::json;
namespace service = model::service;

json wall_of(base::Time at) { return model::json_time(base::wall_now() + (at - base::now())); }

json next_of(const ServiceEntry& entry)
{
    const auto at = service::deadline(entry.machine);
    if (!at) return nullptr;
    const char* action = "timeout";
    if (std::holds_alternative<service::BackOff>(entry.machine.state)) action = "restart";
    if (std::holds_alternative<service::StopCommand>(entry.machine.state)) action = "kill";
    if (std::holds_alternative<service::Ready>(entry.machine.state)) action = "watchdog";
    if (const auto* starting = std::get_if<service::Starting>(&entry.machine.state);
        starting && starting->probe_at && !starting->probing && *at == *starting->probe_at)
        action = "check";
    return {{"action", action}, {"at", wall_of(*at)}};
}

json last_of(const ServiceEntry& entry, const Runs& runs)
{
    if (!entry.last) return nullptr;
    json j = entry.last->outcome;
    j["run"] = entry.last->run;
    j["ended"] = model::json_time(entry.last->ended);
    j["sentence"] = model::sentence(entry.last->outcome, entry.last->why);
    auto last = entry.last->lines;
    if (last.empty())
        if (const auto record = runs.get(entry.last->run)) last = last_lines(record->tail);
    j["lines"] = lines_json(last);
    return j;
}

json checks_of(const ServiceEntry& entry)
{
    json list = json::array();
    for (const auto& spec : entry.spec.checks) {
        const auto at = entry.checks.find(spec.name);
        const auto machine = at == entry.checks.end() ? model::Check{} : at->second.machine;
        const auto next = model::check::deadline(machine);
        const bool on = !std::holds_alternative<model::check::Off>(machine.state);
        list.push_back({{"name", spec.name},
                        {"target", model::target_of(spec.probe)},
                        {"level", model::name_of(spec.level)},
                        {"action", model::name_of(spec.action)},
                        {"state", !on               ? "off"
                                  : machine.failing ? "failing"
                                                    : "good"},
                        {"failures", machine.failures},
                        {"threshold", spec.threshold},
                        {"problem", machine.problem.empty() ? json(nullptr) : json(machine.problem)},
                        {"next", next ? wall_of(*next) : json(nullptr)}});
    }
    return list;
}

} // namespace

std::string reason_of(const ServiceEntry& entry, const ServiceMap& services)
{
    if (!std::holds_alternative<service::Waiting>(entry.machine.state)) return entry.machine.reason;
    if (entry.held) return "it is held by " + entry.held->by;
    std::string list;
    for (const auto& other : dependencies(services, entry).waits_for) list += (list.empty() ? "" : ", ") + other;
    return list.empty() ? entry.machine.reason : "waits for " + list;
}

json service_status(const std::string& name, const ServiceEntry& entry, const ServiceMap& services, const Runs& runs)
{
    const bool waiting = std::holds_alternative<service::Waiting>(entry.machine.state);
    const auto waits = waiting ? dependencies(services, entry) : DependencyState{};
    json j{{"name", name},
           {"state", service::name_of(entry.machine)},
           {"since", model::json_time(entry.since)},
           {"wanted", entry.machine.wanted ? "up" : "down"},
           {"reason", reason_of(entry, services)},
           {"start", entry.spec.auto_start ? "auto" : "manual"},
           {"command", model::shown_command(entry.spec.process)},
           {"main", nullptr},
           {"ready_since", nullptr},
           {"status_text", nullptr},
           {"announced", nullptr},
           {"reduced", json::array()},
           {"restarts", entry.machine.restarts},
           {"failures", entry.machine.failures},
           {"last", last_of(entry, runs)},
           {"next", next_of(entry)},
           {"waits_for", waits.waits_for},
           {"checks", checks_of(entry)},
           {"stuck", entry.stuck},
           {"held",
            entry.held ? json{{"by", entry.held->by}, {"since", model::json_time(entry.held->since)}} : json(nullptr)},
           {"operation", entry.operation.empty() ? json(nullptr) : json(entry.operation)},
           {"requires", entry.spec.requires_},
           {"after", entry.spec.after},
           {"binds_to", entry.spec.binds_to},
           {"service_groups", entry.spec.groups},
           {"transient", transient_json(entry.spec.transient)},
           {"removed", entry.removed},
           {"changed_keys", changed_keys(entry)}};
    j["config_changed"] = !j["changed_keys"].empty();
    if (std::holds_alternative<service::Ready>(entry.machine.state))
        j["ready_since"] = model::json_time(entry.ready_since);
    if (is_live(entry) && !entry.main.empty()) {
        if (const auto record = runs.get(entry.main); record && record->state != model::RunState::ended) {
            if (record->pid > 0) // somebody may put it behind "kill"
                j["main"] = {{"run", entry.main}, {"pid", record->pid}, {"started", model::json_time(record->started)}};
            j["reduced"] = record->reduced;
        }
        const auto said = runs.notified(entry.main);
        if (said.reloading || said.stopping) j["announced"] = said.stopping ? "stopping" : "reloading";
        if (const auto text = runs.status_text(entry.main); !text.empty()) j["status_text"] = text;
    }
    return j;
}

} // namespace processd::supervisor
