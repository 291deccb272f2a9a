// SPDX-License-Identifier: GPL-3.0-or-later
// The operations on services: begun by people, done when a machine has come to where they wanted it.
#include "processd/model/json.h"
#include "processd/supervisor/services_impl.h"

namespace processd::supervisor {

using base::Errc;
using base::fail;
namespace service = model::service;

base::Result<ServiceEntry*> Services::Impl::find(std::string_view name)
{
    const auto found = services.find(name);
    if (found != services.end()) return &found->second;
    std::string message = "there is no service \"" + std::string(name) + "\"";
    std::string_view best;
    for (const auto& entry : services)
        if (const auto near = model::nearest(name, {entry.first}); !near.empty()) best = near;
    if (!best.empty()) message += "; did you mean \"" + std::string(best) + "\"?";
    return fail(Errc::not_found, message);
}

base::Result<Operation> Services::Impl::begin(ServiceEntry& entry, std::string action,
                                              const std::optional<model::Identity>& by)
{
    if (stop_deadline) return fail(Errc::unavailable, "the daemon is stopping");
    auto operation = operations.begin(std::move(action), entry.spec.name, by);
    if (!operation) return operation;
    if (!entry.operation.empty())
        operations.finish(entry.operation, "superseded", "operation " + operation->id + " was asked for");
    entry.operation = operation->id;
    entry.operation_left = false;
    return operation;
}

void Services::Impl::finish(ServiceEntry& entry, const char* result, const std::string& reason)
{
    const auto id = std::exchange(entry.operation, {});
    const auto operation = operations.get(id);
    const bool stops = operation && (operation->action == "stop" || operation->action == "restart");
    operations.finish(id, result, reason, stops ? entry.proof : std::nullopt,
                      stops ? entry.stuck : std::vector<std::int32_t>{});
    save(entry);
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
        if (down != nullptr && !entry.pending_stop) finish(entry, "ok", "");
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
