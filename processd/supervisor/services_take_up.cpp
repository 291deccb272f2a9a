// SPDX-License-Identifier: GPL-3.0-or-later
// What an earlier manager of this keeper left: stored states that may be behind what happened, as they wait while the
// state directory takes nothing, and steps that were decided but not taken.
#include "helpers/base/log.h"
#include "processd/store/state.h"
#include "processd/supervisor/services_impl.h"

#include <algorithm>

namespace processd::supervisor {

using model::Role;
using model::RunRecord;
namespace service = model::service;

// Before Runs::resume(), which tells what the keeper knows of living and unrecorded runs: here is what only they know.
void Services::Impl::take_up()
{
    std::map<std::string, RunRecord> living; // the newest main process of each service
    for (auto& record : runs.live())
        if (record.kind == model::RunKind::service) living[record.name] = std::move(record);
    for (auto& [name, entry] : services) {
        if (const auto at = living.find(name); at != living.end() && at->second.id > entry.main) {
            // Ids grow: an older one has ended, which is on record here, though not acknowledged.
            base::log::warning("a service has a process that its stored state does not know; it is taken up",
                               {{"service", name}, {"run", at->second.id}, {"stored", entry.main}});
            service_of_run.erase(entry.main);
            entry.main = at->second.id;
            service_of_run[entry.main] = name;
            entry.machine.state = service::Starting{};
            entry.machine.wanted = true;
            entry.machine.reason = "its process was found running";
        }
        catch_up(entry);
        arm(entry);
        check_operation(entry);
        if (std::holds_alternative<service::Ready>(entry.machine.state)) begin_checks(entry);
    }
    std::vector<Operation> left;
    for (const auto& operation : operations.open()) {
        // Of a job, of the daemon; a whole is done with its parts.
        if (operation.action == "run" || operation.action == "upgrade" || !operation.parts.empty()) continue;
        const auto at = services.find(operation.service);
        if (at != services.end() && at->second.operation == operation.id) continue;
        if (at != services.end() &&
            (operation.action == "start" || operation.action == "stop" || operation.action == "restart"))
            left.push_back(operation);
        else
            operations.finish(operation.id, "failed", "the manager ended before it could tell whether it was done");
    }
    carry_out(left);
}

void Services::Impl::catch_up(ServiceEntry& entry)
{
    const auto is = [](const base::Result<RunRecord>& run, model::RunState wanted) {
        return run && run->state == wanted;
    };
    const auto main = runs.get(entry.main);
    const auto aux = runs.get(entry.aux);
    const auto* starting = std::get_if<service::Starting>(&entry.machine.state);
    const auto* command = std::get_if<service::StopCommand>(&entry.machine.state);
    const bool lives = starting || std::holds_alternative<service::Ready>(entry.machine.state) ||
                       std::holds_alternative<service::Stopping>(entry.machine.state) || (command && !command->ended);
    // Its end is on record already, so nobody will tell of it again.
    if (lives && (is(main, model::RunState::ended) || (!main && !(starting && !starting->spawned)))) {
        model::Outcome lost;
        lost.kind = model::OutcomeKind::lost;
        return send(entry, service::MainEnded{main ? *main->outcome : lost, main ? why_ended(*main) : std::string()});
    }
    const auto aux_step = [&](Role role, std::uint32_t index) {
        if (!aux) return start_run(entry, role, index); // decided and never asked for
        if (is(aux, model::RunState::ended)) send(entry, service::AuxEnded{*aux->outcome});
    };
    if (starting) {
        if (!main) return start_run(entry, Role::main, 0);
        if (starting->probing) {
            const auto asks = effective(entry, prepare_program).ready.probe.kind;
            return asks == model::ProbeKind::command ? aux_step(Role::ready, 0) : ask_probe(entry);
        }
        if (!starting->spawned && is(main, model::RunState::running)) send(entry, service::MainSpawned{});
    } else if (const auto* pre = std::get_if<service::PreStart>(&entry.machine.state)) {
        const bool cancelled = !entry.machine.wanted || entry.machine.restart;
        const auto id = entry.aux;
        aux_step(Role::pre_start, pre->index);
        if (cancelled) cancel(entry, id);
    } else if (const auto* post = std::get_if<service::PostStop>(&entry.machine.state)) {
        if (!aux && post->index >= effective(entry, prepare_program).post_stop.size())
            send(entry, service::AuxEnded{}); // there were more of them when this one was due
        else
            aux_step(Role::post_stop, post->index);
    } else if (command && command->running) {
        aux_step(Role::stop, 0);
    } else if (std::holds_alternative<service::Stopping>(entry.machine.state)) {
        const auto why = entry.machine.unready ? model::OutcomeKind::timed_out : model::OutcomeKind::cancelled;
        perform(entry, service::StopMain{why, false, entry.spec.stop.timeout});
    }
}

} // namespace processd::supervisor
