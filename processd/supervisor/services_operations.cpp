// SPDX-License-Identifier: GPL-3.0-or-later
// The operations on services: begun by people, done when a machine has come to where they wanted it.
#include "helpers/base/nearest.h"
#include "processd/model/json.h"
#include "processd/store/state.h"
#include "processd/supervisor/service_groups.h"
#include "processd/supervisor/services_impl.h"

namespace processd::supervisor {
namespace {

// What a sweep could not tell is part of an honest answer.
std::string note_strangers(const std::vector<std::int32_t>& pids)
{
    std::string text;
    for (const auto pid : pids) text += (text.empty() ? "" : ", ") + std::to_string(pid);
    return text.empty() ? text : "processes that lost their parents may be of it, nobody can tell: pid " + text;
}

} // namespace

using base::Errc;
using base::fail;
namespace service = model::service;

namespace {

std::string who(const std::optional<model::Identity>& by) { return by ? model::sentence(*by) : "the daemon"; }

} // namespace

base::Result<ServiceEntry*> Services::Impl::find(std::string_view name)
{
    const auto found = services.find(name);
    if (found != services.end()) return &found->second;
    std::string message = "there is no service \"" + std::string(name) + "\"";
    std::vector<std::string_view> names;
    for (const auto& entry : services) names.push_back(entry.first);
    if (const auto best = base::nearest(name, names); !best.empty())
        message += "; did you mean \"" + std::string(best) + "\"?";
    return fail(Errc::not_found, message);
}

base::Result<void> Services::Impl::may_begin(const ServiceEntry& entry, std::string_view action)
{
    if (action == "stop") return {};
    const auto service = "service \"" + entry.spec.name + "\"";
    if (entry.removed) return fail(Errc::conflict, service + " is no longer configured");
    if (entry.held) return fail(Errc::conflict, service + " is held by " + entry.held->by + "; release it first");
    return {};
}

base::Result<Operation> Services::Impl::operate(std::string_view name, const char* action,
                                                const std::optional<model::Identity>& by)
{
    if (stop_deadline) return fail(Errc::unavailable, "the daemon is stopping");
    const auto found = find(name);
    if (!found) return tl::unexpected(found.error());
    if (const auto may = may_begin(**found, action); !may) return tl::unexpected(may.error());
    const auto operation = operations.begin(action, (*found)->spec.name, by);
    if (!operation) return operation;
    carry_out({*operation});
    return operations.get(operation->id);
}

base::Result<Operation> Services::Impl::change_group(std::string_view group, const std::string& action,
                                                     const std::optional<model::Identity>& by)
{
    if (stop_deadline) return fail(Errc::unavailable, "the daemon is stopping");
    const auto members = members_of(services, group);
    if (!members) return tl::unexpected(members.error());
    for (const auto& name : *members)
        if (const auto may = may_begin(services.at(name), action); !may) return tl::unexpected(may.error());
    const auto whole = operations.begin_whole(action, '@' + std::string(group), *members, by);
    if (!whole) return whole;
    std::vector<Operation> parts;
    for (const auto& id : whole->parts) parts.push_back(*operations.get(id));
    carry_out(parts);
    return operations.get(whole->id);
}

// They are on record. All that is saved here may fail, and be done again by the next manager. Only when all are taken
// on is it looked whose turn it is: who stops first depends on who is to stop.
void Services::Impl::carry_out(const std::vector<Operation>& begun)
{
    bool stops = false;
    for (const auto& operation : begun) {
        take_on(services.at(operation.service), operation);
        stops = stops || operation.action != "start";
    }
    if (stops) pump(); // one that was removed from the configuration may be gone then
    for (const auto& operation : begun)
        if (const auto still = services.find(operation.service); still != services.end())
            check_operation(still->second);
}

void Services::Impl::take_on(ServiceEntry& entry, const Operation& operation)
{
    const std::string name = entry.spec.name;
    const auto by = who(operation.asked_by);
    const bool start = operation.action == "start";
    const bool restart = operation.action == "restart";
    if (!entry.operation.empty())
        operations.finish(entry.operation, "superseded", "operation " + operation.id + " was asked for");
    entry.operation = operation.id;
    entry.operation_left = false;
    if (!start) operations.tell_dependents(operation.id, stop_dependents(name, by, restart));
    if (restart)
        for (const auto& needed : needed_by(services, name))
            if (auto& other = services.at(needed);
                !other.machine.wanted && !(other.pending_stop && other.pending_stop->restart))
                want_start(other, name + ", which needs it");
    if (start)
        want_start(entry, by);
    else
        want_stop(entry, by, restart);
}

base::Result<Operation> Services::Impl::send_signal(std::string_view name, const char* action, int signal,
                                                    protocol::Scope scope, const std::optional<model::Identity>& by)
{
    const auto found = find(name);
    if (!found) return tl::unexpected(found.error());
    const auto operation = operations.begin(action, (*found)->spec.name, by);
    if (!operation) return operation;
    if (!runs.signal((*found)->main, signal, scope)) {
        const auto reason = "nothing of service \"" + std::string(name) + "\" runs";
        operations.finish(operation->id, "failed", reason);
        return fail(Errc::conflict, reason);
    }
    operations.finish(operation->id, "ok", "sent " + model::signal_name(signal));
    return operations.get(operation->id);
}

base::Result<Operation> Services::Impl::set_hold(std::string_view name, bool held,
                                                 const std::optional<model::Identity>& by)
{
    const auto found = find(name);
    if (!found) return tl::unexpected(found.error());
    auto& entry = **found;
    const auto operation = operations.begin(held ? "hold" : "release", entry.spec.name, by);
    if (!operation) return operation;
    if (held && !entry.held) entry.held = ServiceEntry::Hold{who(by), base::wall_now()};
    if (!held) entry.held.reset();
    operations.finish(operation->id, "ok", "", {}, {}, {document(entry)});
    pump_soon.arm();
    owner.on_change.tell(entry.spec.name);
    return operations.get(operation->id);
}

base::Result<Operation> Services::Impl::reset(std::string_view name, const std::optional<model::Identity>& by)
{
    const auto found = find(name);
    if (!found) return tl::unexpected(found.error());
    auto& entry = **found;
    const auto operation = operations.begin("reset", entry.spec.name, by);
    if (!operation) return operation;
    send(entry, service::ResetWanted{who(by)});
    operations.finish(operation->id, "ok", "");
    return operations.get(operation->id);
}

void Services::Impl::finish(ServiceEntry& entry, const char* result, const std::string& reason)
{
    const auto id = std::exchange(entry.operation, {});
    const auto operation = operations.get(id);
    const bool stops = operation && (operation->action == "stop" || operation->action == "restart");
    operations.finish(id, result, reason, stops ? entry.proof : std::nullopt,
                      stops ? entry.stuck : std::vector<std::int32_t>{}, {document(entry)});
}

void Services::Impl::check_operation(ServiceEntry& entry)
{
    if (entry.operation.empty()) return;
    const auto operation = operations.get(entry.operation);
    if (!operation || operation->state == "done") {
        entry.operation.clear();
        return;
    }
    const auto& machine = entry.machine;
    const auto* down = std::get_if<service::Down>(&machine.state);
    const bool stopping = operation->action == "stop";
    if (!entry.stuck.empty() && (stopping || operation->action == "restart"))
        return finish(entry, "failed", "processes survived SIGKILL");
    if (stopping) {
        if (down != nullptr && !entry.pending_stop) finish(entry, "ok", note_strangers(entry.strangers));
        return;
    }
    if (operation->action == "restart" && !entry.operation_left) return;
    if (std::holds_alternative<service::Ready>(machine.state)) {
        finish(entry, "ok", "");
    } else if (std::holds_alternative<service::BackOff>(machine.state)) {
        finish(entry, "failed", machine.reason);
    } else if (down != nullptr && !entry.pending_stop) {
        finish(entry, down->why == service::Why::completed ? "ok" : "failed", machine.reason);
    }
}

} // namespace processd::supervisor
