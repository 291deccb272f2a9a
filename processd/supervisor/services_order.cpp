// SPDX-License-Identifier: GPL-3.0-or-later
// What one service means for others: starts whose dependencies are met, stops whose turn has come, the end of all.
#include "helpers/base/log.h"
#include "processd/store/state.h"
#include "processd/supervisor/services_impl.h"

#include <algorithm>

namespace processd::supervisor {

namespace service = model::service;

// What a change of one service means for the others: starts whose dependencies are met, stops whose turn has come.
void Services::Impl::pump()
{
    std::vector<std::string> all;
    for (const auto& entry : services) all.push_back(entry.first);
    for (const auto& name : all) {
        const auto found = services.find(name);
        if (found == services.end()) continue;
        auto& entry = found->second;
        if (entry.pending_stop && !must_wait_to_stop(services, name)) {
            const auto stop = *std::exchange(entry.pending_stop, std::nullopt);
            send(entry, service::StopWanted{stop.by, stop.restart});
            save(entry);
        }
        if (std::holds_alternative<service::Waiting>(entry.machine.state) && !stop_deadline && !entry.held) {
            const auto state_of = dependencies(services, entry);
            if (!state_of.failed.empty())
                send(entry, service::DependencyFailed{state_of.failed});
            else if (state_of.waits_for.empty())
                send(entry, service::DependenciesMet{});
        }
        if (is_unmet(entry) && !stop_deadline && dependencies(services, entry).failed.empty())
            send(entry, service::DependencyBack{});
        if (entry.removed && service::settled(entry.machine))
            send(entry, service::StopWanted{"its removal from the configuration"});
        if (entry.removed && std::holds_alternative<service::Down>(entry.machine.state)) {
            state.keep({{"service/" + name, std::nullopt}});
            service_of_run.erase(entry.main);
            service_of_run.erase(entry.aux);
            services.erase(name);
            owner.on_change.tell(name);
        }
    }
    check_stop_all();
}

// A start, and that of all it requires. Where that was to be stopped it is not any more.
void Services::Impl::want_start(ServiceEntry& entry, const std::string& by)
{
    const auto name = entry.spec.name;
    for (const auto& needed : needed_by(services, name)) {
        auto& other = services.at(needed);
        if (const auto operation = operations.get(other.operation); operation && operation->action == "stop")
            finish(other, "superseded", name + " was started, which needs it");
        if (other.pending_stop && !other.pending_stop->restart) other.pending_stop.reset();
        const bool comes =
            other.machine.wanted && !is_unmet(other) && !std::holds_alternative<service::BackOff>(other.machine.state);
        if (!comes) send(other, service::StartWanted{name + ", which needs it"});
    }
    entry.pending_stop.reset();
    send(entry, service::StartWanted{by});
    save(entry);
}

// Those that are bound to a service that failed go down with it and come back when it does; but not if they are being
// stopped anyway.
void Services::Impl::stop_bound(const std::string& failed)
{
    for (const auto& name : bound_to(services, failed)) {
        auto& entry = services.at(name);
        const bool leaves = !entry.machine.wanted || (entry.pending_stop && !entry.pending_stop->restart);
        if (is_live(entry) && !leaves) want_stop(entry, "the end of " + failed + ", to which it is bound", true);
    }
}

std::vector<std::string> Services::Impl::stop_dependents(const std::string& name, const std::string& by, bool restart)
{
    std::vector<std::string> stopped;
    for (const auto& other : dependents_of(services, name)) {
        auto& entry = services.at(other);
        if (!(restart ? is_live(entry) : !std::holds_alternative<service::Down>(entry.machine.state))) continue;
        want_stop(entry, by + ", because it needs " + name, restart);
        stopped.push_back(other);
    }
    return stopped;
}

void Services::Impl::want_stop(ServiceEntry& entry, const std::string& by, bool restart)
{
    entry.pending_stop = ServiceEntry::PendingStop{by, restart};
    save(entry);
    pump_soon.arm();
}

void Services::Impl::check_stop_all()
{
    if (!stop_done) return;
    const bool live = std::any_of(services.begin(), services.end(), [](const auto& e) { return is_live(e.second); });
    if (live || runs.active() > 0) return;
    stop_timer.reset();
    auto done = std::exchange(stop_done, nullptr);
    done(!budget_spent);
}

void Services::Impl::kill_rest()
{
    budget_spent = true;
    std::string late;
    std::string skipped;
    for (auto& [name, entry] : services) {
        if (!is_live(entry)) continue;
        auto& list = entry.pending_stop ? skipped : late;
        list += (list.empty() ? "" : ", ") + name;
        if (!std::exchange(entry.pending_stop, std::nullopt)) continue;
        send(entry, service::StopWanted{"the daemon's stop, before its turn came"});
    }
    base::log::error("the stop budget is spent; what is left is killed", {{"late", late}, {"skipped", skipped}});
    for (const auto& record : runs.live())
        (void)runs.stop(record.id,
                        model::run::StopWanted{model::OutcomeKind::cancelled, SIGKILL, true, base::Duration{}},
                        "the stop budget was spent");
}

} // namespace processd::supervisor
