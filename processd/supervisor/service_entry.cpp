// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/service_entry.h"

#include "helpers/base/wall_time.h"
#include "processd/config/changes.h"
#include "processd/model/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace processd::supervisor {
namespace {

using model::Role;
using nlohmann::json;
namespace service = model::service;

bool contains(const std::vector<std::string>& names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}
bool requires_it(const model::ServiceSpec& spec, std::string_view name)
{
    return contains(spec.requires_, name) || contains(spec.binds_to, name);
}
bool is_down(const ServiceEntry& entry) { return std::holds_alternative<service::Down>(entry.machine.state); }

// Down, and it will not come up unless somebody does something.
bool is_out(const ServiceEntry& entry) { return is_down(entry) && (!entry.machine.wanted || is_unmet(entry)); }
// One that is about to be stopped is of no use to who starts now.
bool is_ready(const ServiceEntry& entry)
{
    return std::holds_alternative<service::Ready>(entry.machine.state) && !entry.pending_stop;
}

base::WallTime time_from(const json& j)
{
    if (j.is_null()) return {};
    const auto parsed = base::parse_wall_time(j.get_ref<const std::string&>());
    return parsed ? *parsed : base::WallTime{};
}

} // namespace

json stored(const ServiceEntry& entry)
{
    json j{{"machine", entry.machine},
           {"main", entry.main},
           {"aux", entry.aux},
           {"operation", entry.operation},
           {"operation_left", entry.operation_left},
           {"since", model::json_time(entry.since)},
           {"ready_since", model::json_time(entry.ready_since)},
           {"proof", entry.proof ? json(*entry.proof) : json(nullptr)},
           {"begun", entry.begun ? json(*entry.begun) : json(nullptr)},
           {"last", nullptr},
           {"pending_stop", nullptr},
           {"held", nullptr},
           {"failing_checks", json::object()}};
    for (const auto& [name, one] : entry.checks)
        if (one.machine.failing)
            j["failing_checks"][name] = {{"failures", one.machine.failures}, {"problem", one.machine.problem}};
    if (entry.last)
        j["last"] = {{"run", entry.last->run},
                     {"outcome", entry.last->outcome},
                     {"ended", model::json_time(entry.last->ended)},
                     {"why", entry.last->why}};
    if (entry.held) j["held"] = {{"by", entry.held->by}, {"since", model::json_time(entry.held->since)}};
    if (entry.pending_stop)
        j["pending_stop"] = {{"by", entry.pending_stop->by}, {"restart", entry.pending_stop->restart}};
    return j;
}

void restore(ServiceEntry& entry, const json& j)
{
    entry.machine = j.at("machine").get<model::Service>();
    entry.main = j.at("main");
    entry.aux = j.at("aux");
    entry.operation = j.at("operation");
    entry.operation_left = j.at("operation_left");
    entry.since = time_from(j.at("since"));
    entry.ready_since = time_from(j.at("ready_since"));
    if (const auto& proof = j.at("proof"); !proof.is_null()) entry.proof = proof.get<std::string>();
    if (const auto& begun = j.at("begun"); !begun.is_null()) entry.begun = begun.get<model::ServiceSpec>();
    if (const auto& last = j.at("last"); !last.is_null())
        entry.last = LastEnd{last.at("run"),
                             last.at("outcome").get<model::Outcome>(),
                             time_from(last.at("ended")),
                             last.value("why", std::string()),
                             {}};
    for (const auto& [name, failing] : j.at("failing_checks").items()) {
        auto& machine = entry.checks[name].machine;
        machine.failing = true;
        machine.failures = failing.at("failures");
        machine.problem = failing.at("problem");
    }
    if (const auto& held = j.at("held"); !held.is_null())
        entry.held = ServiceEntry::Hold{held.at("by"), time_from(held.at("since"))};
    if (const auto& stop = j.at("pending_stop"); !stop.is_null())
        entry.pending_stop = ServiceEntry::PendingStop{stop.at("by"), stop.at("restart")};
}

model::ServiceSpec effective(const ServiceEntry& entry, const std::string& prepare_program)
{
    auto spec = entry.begun ? model::in_force(entry.spec, *entry.begun) : entry.spec;
    if (spec.runtime_directory)
        spec.post_stop.push_back({prepare_program, "--remove-runtime-directory", *spec.runtime_directory});
    return spec;
}

RunRequest run_request(const ServiceEntry& entry, Role role, std::uint32_t index, std::string id,
                       const std::string& prepare_program)
{
    const auto spec = effective(entry, prepare_program);
    RunRequest request;
    request.id = std::move(id);
    request.name = spec.name;
    request.process = spec.process;
    request.process.environment["CTDB_PROCESSD_SERVICE"] = spec.name;
    if (role != Role::main && !entry.main.empty()) request.parent = entry.main;
    switch (role) {
    case Role::main:
        request.kind = model::RunKind::service;
        request.stop_timeout = spec.stop.timeout;
        request.runtime_directory = spec.runtime_directory;
        if (spec.ready.kind == model::ReadyKind::notify) request.ready_by = protocol::ReadyBy::notify;
        if (spec.watchdog > base::Duration{})
            request.process.environment["WATCHDOG_USEC"] =
                std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(spec.watchdog).count());
        if (spec.ready.kind == model::ReadyKind::fd) {
            request.ready_by = protocol::ReadyBy::fd;
            request.ready_fd = spec.ready.fd;
        }
        if (spec.ready.kind == model::ReadyKind::output) request.ready_pattern = spec.ready.pattern;
        break;
    case Role::pre_start:
        request.kind = model::RunKind::pre_start;
        request.process.command = spec.pre_start.at(index);
        request.timeout = spec.hook_timeout;
        request.runtime_directory = spec.runtime_directory;
        break;
    case Role::ready:
        request.kind = model::RunKind::ready;
        request.process.command = spec.ready.probe.command;
        request.timeout = spec.ready.reply_timeout;
        break;
    case Role::stop:
        request.kind = model::RunKind::stop;
        request.process.command = spec.stop.command;
        request.timeout = spec.stop.timeout;
        break;
    case Role::post_stop: {
        request.kind = model::RunKind::post_stop;
        const auto& command = spec.post_stop.at(index);
        if (index >= entry.spec.post_stop.size()) request.process = {}; // ours: root removes what root has made
        request.process.command = command;
        request.timeout = spec.hook_timeout;
        const auto& last = entry.machine.last;
        auto& environment = request.process.environment;
        environment["CTDB_PROCESSD_OUTCOME"] = last ? std::string(model::name_of(last->kind)) : "";
        environment["CTDB_PROCESSD_CODE"] = last && last->code ? std::to_string(*last->code) : "";
        environment["CTDB_PROCESSD_SIGNAL"] = last && last->signal ? model::signal_name(*last->signal) : "";
        break;
    }
    }
    return request;
}

std::string why_ended(const model::RunRecord& main)
{
    const auto left = main.leftovers.size();
    const bool by_itself = main.outcome && main.outcome->kind == model::OutcomeKind::exited;
    if (!main.reason.empty() || left == 0 || !by_itself) return main.reason;
    return std::to_string(left) +
           (left == 1 ? " process that it had started was" : " processes that it had started were") +
           " still there and ended with it; a daemon has to stay in the foreground, or to name its main process by "
           "MAINPID= (see ready.notify)";
}

std::vector<std::string> changed_keys(const ServiceEntry& entry)
{
    return entry.begun && is_live(entry) ? config::awaiting_start(*entry.begun, entry.spec)
                                         : std::vector<std::string>{};
}

bool is_unmet(const ServiceEntry& entry)
{
    const auto* down = std::get_if<service::Down>(&entry.machine.state);
    return down != nullptr && down->why == service::Why::unmet;
}

bool is_live(const ServiceEntry& entry) { return !service::settled(entry.machine); }

std::vector<std::string> needed_by(const ServiceMap& services, std::string_view name)
{
    std::vector<std::string> found;
    std::vector<std::string> open{std::string(name)};
    while (!open.empty()) {
        const auto next = std::move(open.back());
        open.pop_back();
        const auto entry = services.find(next);
        if (entry == services.end()) continue;
        for (const auto* list : {&entry->second.spec.requires_, &entry->second.spec.binds_to})
            for (const auto& other : *list)
                if (other != name && services.contains(other) && !contains(found, other)) {
                    found.push_back(other);
                    open.push_back(other);
                }
    }
    return found;
}

std::vector<std::string> dependents_of(const ServiceMap& services, std::string_view name)
{
    std::vector<std::string> found;
    std::vector<std::string> open{std::string(name)};
    while (!open.empty()) {
        const auto next = std::move(open.back());
        open.pop_back();
        for (const auto& [other, entry] : services)
            if (other != name && requires_it(entry.spec, next) && !contains(found, other)) {
                found.push_back(other);
                open.push_back(other);
            }
    }
    return found;
}

std::vector<std::string> bound_to(const ServiceMap& services, std::string_view name)
{
    std::set<std::string> found;
    for (const auto& [other, entry] : services) {
        if (!contains(entry.spec.binds_to, name)) continue;
        found.insert(other);
        for (auto& more : dependents_of(services, other)) found.insert(std::move(more));
    }
    return {found.begin(), found.end()};
}

DependencyState dependencies(const ServiceMap& services, const ServiceEntry& entry)
{
    DependencyState state;
    std::set<std::string> seen;
    for (const auto* list : {&entry.spec.requires_, &entry.spec.binds_to, &entry.spec.after})
        for (const auto& name : *list) {
            const auto found = services.find(name);
            if (found == services.end() || is_ready(found->second) || !seen.insert(name).second) continue;
            const auto& other = found->second;
            const bool needed = requires_it(entry.spec, name);
            if (needed && is_out(other)) {
                state.failed = "it needs " + name + ", which is " + std::string(service::name_of(other.machine));
                if (!other.machine.reason.empty()) state.failed += " (" + other.machine.reason + ")";
            }
            // Order alone waits only for what is on its way: not for one that is down or failing over and over.
            const bool coming = !is_down(other) && !std::holds_alternative<service::BackOff>(other.machine.state);
            if (needed || coming) state.waits_for.push_back(name);
        }
    return state;
}

bool must_wait_to_stop(const ServiceMap& services, std::string_view name)
{
    return std::any_of(services.begin(), services.end(), [&](const auto& item) {
        const auto& [other, entry] = item;
        if (other == name || !is_live(entry)) return false;
        const bool behind = requires_it(entry.spec, name) || contains(entry.spec.after, name);
        const bool leaving = entry.pending_stop || !entry.machine.wanted || entry.machine.restart;
        return behind && leaving;
    });
}

} // namespace processd::supervisor
