// SPDX-License-Identifier: GPL-3.0-or-later
// The checks of ready services: model::Check machines, their probes and runs, and what a failing one leads to. They are
// no operations: nobody asked for them.
#include "helpers/base/log.h"
#include "processd/supervisor/services_impl.h"
#include "processd/supervisor/ulid.h"

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

namespace processd::supervisor {

namespace check = model::check;
namespace service = model::service;

void Services::Impl::begin_checks(ServiceEntry& entry)
{
    auto known = std::exchange(entry.checks, {}); // of an earlier manager: what fails goes on failing, told once
    for (const auto& spec : entry.spec.checks) {
        auto& one = entry.checks[spec.name];
        one.spec = spec;
        if (const auto before = known.find(spec.name); before != known.end()) one.machine = before->second.machine;
        one.machine.state = check::Off{};
    }
    std::vector<std::string> names;
    for (const auto& one : entry.checks) names.push_back(one.first);
    for (const auto& name : names) feed_check(entry.spec.name, name, check::Begin{});
}

void Services::Impl::end_checks(ServiceEntry& entry)
{
    for (auto& [name, one] : entry.checks) {
        if (one.probe) one.probe.reset();
        if (!one.run.empty()) drop_check_run(one);
    }
    entry.checks.clear();
}

void Services::Impl::change_checks(ServiceEntry& entry)
{
    std::map<std::string, model::Check> kept;
    for (const auto& [name, one] : entry.checks)
        if (std::find(entry.spec.checks.begin(), entry.spec.checks.end(), one.spec) != entry.spec.checks.end())
            kept[name] = one.machine;
    end_checks(entry);
    for (auto& [name, machine] : kept) entry.checks[name].machine = std::move(machine);
    begin_checks(entry);
}

void Services::Impl::drop_check_run(CheckEntry& one)
{
    service_of_run.erase(one.run);
    (void)runs.stop(std::exchange(one.run, {}), model::run::StopWanted{}, "its service is not ready any more");
}

void Services::Impl::feed_check(const std::string& service_name, const std::string& check_name,
                                const check::Input& input)
{
    const auto found = services.find(service_name);
    if (found == services.end()) return;
    auto& entry = found->second;
    const auto at = entry.checks.find(check_name);
    if (at == entry.checks.end()) return;
    auto& one = at->second;
    auto step = check::step(one.spec, one.machine, input, base::now(), std::uniform_real_distribution<>{0, 1}(random));
    const bool told = step.next.problem != one.machine.problem || step.next.failures != one.machine.failures;
    one.machine = std::move(step.next);
    if (const auto deadline = check::deadline(one.machine)) {
        if (!one.timer)
            one.timer = std::make_unique<loop::Timer>(
                loop, [this, service_name, check_name] { feed_check(service_name, check_name, check::Tick{}); });
        one.timer->at(*deadline);
    }
    if (told) owner.on_change.tell(service_name);
    for (const auto action : step.actions) {
        switch (action) {
        case check::Action::ask: ask_check(entry, one); break;
        case check::Action::cancel: break; // an end takes the whole entry away
        case check::Action::fails: return check_fails(entry, one);
        case check::Action::recovers:
            base::log::info("a check is good again", {{"service", service_name}, {"check", check_name}});
            save(entry, {check_edge(entry, one, "check " + check_name + " is good again")}, {});
            break;
        }
    }
}

model::Edge Services::Impl::check_edge(const ServiceEntry& entry, const CheckEntry& one, const std::string& reason)
{
    auto edge = edge_of(entry, one.machine.failing ? model::EdgeKind::check_failing : model::EdgeKind::check_good);
    edge.check = one.spec.name;
    edge.reason = reason;
    return edge;
}

void Services::Impl::ask_check(ServiceEntry& entry, CheckEntry& one)
{
    const auto name = entry.spec.name;
    const auto check_name = one.spec.name;
    if (one.spec.probe.kind != model::ProbeKind::command) {
        one.probe = std::make_unique<probe::Probe>(
            loop, one.spec.probe, one.spec.timeout, [this, name, check_name](const base::Result<void>& result) {
                feed_check(name, check_name, check::Answered{result ? "" : result.error().message()});
            });
        return;
    }
    RunRequest request;
    request.id = make_ulid(base::wall_now());
    request.kind = model::RunKind::check;
    request.name = name;
    request.parent = entry.main;
    request.process = effective(entry, prepare_program).process;
    request.process.environment["CTDB_PROCESSD_SERVICE"] = name;
    request.process.command = one.spec.probe.command;
    request.timeout = one.spec.timeout;
    one.run = request.id;
    service_of_run[one.run] = name;
    if (const auto started = runs.start(std::move(request)); !started) {
        service_of_run.erase(std::exchange(one.run, {}));
        feed_check(name, check_name, check::Answered{"its command cannot be started: " + started.error().message()});
    }
}

// Whether the run was a check's; if so it has been dealt with.
bool Services::Impl::check_answered(ServiceEntry& entry, const model::RunRecord& record, Moment moment)
{
    for (auto& [name, one] : entry.checks) {
        if (one.run != record.id) continue;
        if (moment != Moment::closed) return true;
        service_of_run.erase(std::exchange(one.run, {}));
        feed_check(entry.spec.name, std::string(name),
                   check::Answered{record.outcome->success() ? "" : sentence("its command", *record.outcome)});
        return true;
    }
    return false;
}

void Services::Impl::check_fails(ServiceEntry& entry, const CheckEntry& one)
{
    const auto name = entry.spec.name;
    const auto action = one.spec.action;
    const auto signal = model::signal_number(one.spec.signal).value_or(SIGUSR1);
    const auto times =
        one.machine.failures == 1 ? std::string() : " " + std::to_string(one.machine.failures) + " times";
    const auto reason = "check " + one.spec.name + " failed" + times + ": " + model::target_of(one.spec.probe) + ": " +
                        one.machine.problem;
    base::log::warning("a check fails", {{"service", name},
                                         {"check", one.spec.name},
                                         {"action", model::name_of(action)},
                                         {"reason", one.machine.problem}});
    // On record first: a manager to come does not do it once more.
    save(entry, {check_edge(entry, one, reason)},
         action == model::CheckAction::job && !entry.held ? one.spec.job : std::string());
    if (stop_deadline || entry.pending_stop || entry.held) return;
    switch (action) {
    case model::CheckAction::none:
    case model::CheckAction::job: break;
    case model::CheckAction::signal: (void)runs.signal(entry.main, signal, protocol::Scope::leader); break;
    case model::CheckAction::restart: send(entry, service::CheckFailed{reason}); break;
    case model::CheckAction::stop:
        stop_dependents(name, reason, false);
        want_stop(entry, reason, false);
        break;
    }
}

nlohmann::json Services::Impl::health(model::Level level) const
{
    auto problems = nlohmann::json::array();
    const auto add = [&](const ServiceEntry& entry, const nlohmann::json& name, const std::string& reason) {
        problems.push_back({{"service", entry.spec.name},
                            {"state", service::name_of(entry.machine)},
                            {"check", name},
                            {"reason", reason}});
    };
    for (const auto& [name, entry] : services) {
        const bool ready = std::holds_alternative<service::Ready>(entry.machine.state);
        const bool failed = service::name_of(entry.machine) == "failed";
        if (level == model::Level::ready && !ready && (entry.machine.wanted || failed))
            add(entry, nullptr, reason_of(entry, services));
        for (const auto& [check_name, one] : entry.checks)
            if (one.machine.failing && (level == model::Level::ready || one.spec.level == model::Level::alive))
                add(entry, check_name, model::target_of(one.spec.probe) + ": " + one.machine.problem);
    }
    return problems;
}

} // namespace processd::supervisor
