// SPDX-License-Identifier: GPL-3.0-or-later
// The machines and their runs: inputs in, states on record, actions carried out.
#include "helpers/base/log.h"
#include "processd/store/state.h"
#include "processd/supervisor/services_impl.h"
#include "processd/supervisor/ulid.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::supervisor {

using model::Role;
using model::RunRecord;
namespace service = model::service;

Services::Impl::Impl(Services& o, loop::Loop& l, Runs& r, Operations& ops, store::State& s, std::string p)
    : owner(o), loop(l), runs(r), operations(ops), state(s), prepare_program(std::move(p)), pump_soon(l, [this] {
          pump();
      })
{
    run_changes = runs.on_change.subscribe([this](const RunRecord& record, Moment m) { run_changed(record, m); });
    run_ready = runs.on_ready.subscribe([this](const std::string& id) {
        if (auto* entry = entry_of_run(id); entry && entry->main == id) send(*entry, service::MainReady{});
    });
    run_notified = runs.on_notified.subscribe([this](const std::string& id) {
        auto* entry = entry_of_run(id);
        if (entry == nullptr || entry->main != id) return;
        notified(*entry);
        owner.on_change.tell(entry->spec.name);
    });
}

ServiceEntry* Services::Impl::entry_of_run(const std::string& id)
{
    const auto name = service_of_run.find(id);
    if (name == service_of_run.end()) return nullptr;
    const auto found = services.find(name->second);
    return found == services.end() ? nullptr : &found->second;
}

store::Change Services::Impl::document(const ServiceEntry& entry)
{
    return store::change_of("service/" + entry.spec.name, stored(entry));
}

model::Edge Services::Impl::edge_of(const ServiceEntry& entry, model::EdgeKind kind)
{
    return {kind, entry.spec.name, {}, std::string(service::name_of(entry.machine)), entry.machine.reason, entry.main};
}

void Services::Impl::save(const ServiceEntry& entry, const std::vector<model::Edge>& edges, const std::string& job)
{
    std::vector<store::Change> changes{document(entry)};
    for (const auto& edge : edges)
        for (auto& change : owner.on_edge(edge, job)) changes.push_back(std::move(change));
    state.keep(changes);
}

void Services::Impl::send(ServiceEntry& entry, const service::Input& input)
{
    auto spec = effective(entry, prepare_program);
    if (stop_deadline)
        spec.stop.timeout =
            std::clamp<base::Duration>(*stop_deadline - stop_reserve - base::now(), {}, spec.stop.timeout);
    if (budget_spent) spec.stop.command.clear();
    const service::Context context{spec, base::now(), std::uniform_real_distribution<>{0, 1}(random)};
    auto step = service::step(entry.machine, input, context);
    if (step.next == entry.machine && step.actions.empty()) return;

    const auto before = service::name_of(entry.machine);
    const bool was_ready = std::holds_alternative<service::Ready>(entry.machine.state);
    entry.machine = std::move(step.next);
    const auto after = service::name_of(entry.machine);
    if (service::settled(entry.machine))
        entry.begun.reset();
    else if (!entry.begun)
        entry.begun = entry.spec;
    if (before != after) {
        entry.since = base::wall_now();
        entry.operation_left = true;
        if (std::holds_alternative<service::Ready>(entry.machine.state)) entry.ready_since = entry.since;
        base::log::info(
            "service changed",
            {{"service", entry.spec.name}, {"from", before}, {"to", after}, {"reason", entry.machine.reason}});
    }
    // First, as with this state on record nobody would see the reason again.
    const bool ready = std::holds_alternative<service::Ready>(entry.machine.state);
    const bool by_itself =
        std::holds_alternative<service::MainEnded>(input) || std::holds_alternative<service::CheckFailed>(input);
    if (was_ready && !ready && by_itself) stop_bound(entry.spec.name);
    if (was_ready && !ready) end_checks(entry);
    const auto aux = entry.aux; // the one that a CancelAux means, though another may take its place
    // Ids of the runs to come are part of what is saved, so that another manager starts these and no others.
    for (const auto& action : step.actions)
        if (const auto* start = std::get_if<service::StartRun>(&action)) {
            auto& id = start->role == Role::main ? entry.main : entry.aux;
            service_of_run.erase(id);
            id = make_ulid(base::wall_now());
            service_of_run[id] = entry.spec.name;
            if (start->role == Role::main) entry.stuck.clear();
        }
    std::vector<model::Edge> edges;
    for (const auto kind : model::edges_between(before, after)) edges.push_back(edge_of(entry, kind));
    save(entry, edges, {});
    arm(entry);
    const std::string name = entry.spec.name;
    for (const auto& action : step.actions)
        if (std::holds_alternative<service::CancelAux>(action))
            cancel(entry, aux);
        else
            perform(entry, action);
    check_operation(entry);
    owner.on_change.tell(name);
    pump_soon.arm();
    if (!was_ready && ready) begin_checks(entry);
}

void Services::Impl::arm(ServiceEntry& entry)
{
    const auto deadline = service::deadline(entry.machine);
    if (!deadline) {
        if (entry.timer) entry.timer->cancel();
        return;
    }
    if (!entry.timer)
        entry.timer = std::make_unique<loop::Timer>(loop, [this, name = entry.spec.name] {
            if (const auto found = services.find(name); found != services.end()) {
                // Signs of life are looked for when they are due.
                if (std::holds_alternative<service::Ready>(found->second.machine.state)) notified(found->second);
                send(found->second, service::Tick{});
                arm(found->second);
            }
        });
    entry.timer->at(*deadline);
}

void Services::Impl::notified(ServiceEntry& entry)
{
    const auto said = runs.notified(entry.main);
    if (entry.held) // whoever looks into it may have stopped it
        return send(entry, service::Notified{base::now(), said.extend_until, false});
    send(entry, service::Notified{said.watchdog, said.extend_until, said.trouble});
}

void Services::Impl::perform(ServiceEntry& entry, const service::Action& action)
{
    if (const auto* start = std::get_if<service::StartRun>(&action)) {
        start_run(entry, start->role, start->index);
    } else if (std::holds_alternative<service::AskProbe>(action)) {
        ask_probe(entry);
    } else if (const auto* stop = std::get_if<service::StopMain>(&action)) {
        model::run::StopWanted how{stop->why, SIGTERM, stop->tree, stop->timeout};
        if (!stop->tree) how.signal = model::signal_number(entry.spec.stop.signal).value_or(SIGTERM);
        if (stop->signal != 0) how.signal = stop->signal;
        (void)runs.stop(entry.main, how, entry.machine.reason);
    }
}

void Services::Impl::ask_probe(ServiceEntry& entry)
{
    const auto ready = effective(entry, prepare_program).ready;
    entry.ready_probe = std::make_unique<probe::Probe>(
        loop, ready.probe, ready.reply_timeout, [this, name = entry.spec.name](const base::Result<void>& result) {
            const auto found = services.find(name);
            if (found == services.end()) return;
            found->second.ready_probe.reset();
            send(found->second, service::ProbeEnded{result ? "" : result.error().message()});
        });
}

void Services::Impl::cancel(ServiceEntry& entry, const std::string& aux)
{
    entry.ready_probe.reset();
    (void)runs.stop(aux, model::run::StopWanted{}, "it was not needed any more");
}

void Services::Impl::start_run(ServiceEntry& entry, Role role, std::uint32_t index)
{
    const auto& id = role == Role::main ? entry.main : entry.aux;
    auto request = run_request(entry, role, index, id, prepare_program);
    if (budget_spent && request.timeout) request.timeout = std::min(*request.timeout, stop_reserve / 2);
    const auto started = runs.start(std::move(request));
    if (!started) {
        base::log::error(
            "a service's command cannot be started",
            {{"service", entry.spec.name}, {"role", model::name_of(role)}, {"reason", started.error().message()}});
        model::Outcome outcome;
        outcome.kind = model::OutcomeKind::spawn_failed;
        outcome.stage = "request";
        if (role == Role::main)
            send(entry, service::MainEnded{outcome, started.error().message()});
        else
            send(entry, service::AuxEnded{outcome});
        return;
    }
    if (!entry.operation.empty()) operations.add_run(entry.operation, id);
}

void Services::Impl::run_changed(const RunRecord& record, Moment moment)
{
    auto* entry = entry_of_run(record.id);
    if (stop_done) pump_soon.arm();
    if (entry == nullptr || check_answered(*entry, record, moment)) return;
    if (record.id != entry->main) {
        if (moment == Moment::closed && record.id == entry->aux) send(*entry, service::AuxEnded{*record.outcome});
        return;
    }
    if (moment == Moment::started) send(*entry, service::MainSpawned{});
    if (const auto stuck = record.proof ? std::vector<std::int32_t>{} : record.leftovers; entry->stuck != stuck) {
        entry->stuck = stuck;
        check_operation(*entry);
        owner.on_change.tell(entry->spec.name);
    }
    if (moment != Moment::closed) return;
    const auto why = why_ended(record);
    entry->last = LastEnd{record.id, *record.outcome, record.ended, why, last_lines(record.tail)};
    entry->proof = record.proof;
    entry->strangers = record.strangers;
    send(*entry, service::MainEnded{*record.outcome, why});
}

} // namespace processd::supervisor
