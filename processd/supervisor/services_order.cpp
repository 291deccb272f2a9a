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
        if (std::holds_alternative<service::Waiting>(entry.machine.state) && !stop_deadline) {
            const auto state_of = dependencies(services, entry);
            if (!state_of.failed.empty())
                send(entry, service::DependencyFailed{state_of.failed});
            else if (state_of.waits_for.empty())
                send(entry, service::DependenciesMet{});
        }
        if (entry.removed && std::holds_alternative<service::Down>(entry.machine.state)) {
            (void)state.erase("service/" + name);
            service_of_run.erase(entry.main);
            service_of_run.erase(entry.aux);
            services.erase(name);
            owner.on_change.tell(name);
        }
    }
    check_stop_all();
}

// Those that are bound to a service that failed go down with it and come back when it does.
void Services::Impl::stop_bound(const std::string& failed)
{
    for (auto& [name, entry] : services) {
        const auto& bound = entry.spec.binds_to;
        if (std::find(bound.begin(), bound.end(), failed) == bound.end() || !is_live(entry)) continue;
        entry.pending_stop = ServiceEntry::PendingStop{failed + " ended, to which it is bound", !stop_deadline};
        save(entry);
    }
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
    done();
}

void Services::Impl::kill_rest()
{
    std::string skipped;
    for (auto& [name, entry] : services)
        if (is_live(entry)) {
            skipped += (skipped.empty() ? "" : ", ") + name;
            if (entry.pending_stop) send(entry, service::StopWanted{entry.pending_stop->by, false});
            entry.pending_stop.reset();
        }
    base::log::error("the stop budget is spent; what is left is killed", {{"services", skipped}});
    for (const auto& record : runs.live())
        (void)runs.stop(record.id,
                        model::run::StopWanted{model::OutcomeKind::cancelled, SIGKILL, true, base::Duration{}},
                        "the stop budget was spent");
}

} // namespace processd::supervisor
