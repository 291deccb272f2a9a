// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/services.h"

#include "helpers/base/log.h"
#include "processd/model/json.h"
#include "processd/store/state.h"
#include "processd/supervisor/runs.h"
#include "processd/supervisor/service_entry.h"
#include "processd/supervisor/ulid.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

namespace processd::supervisor {
namespace {

using base::Errc;
using base::fail;
using model::Role;
using model::RunRecord;
using nlohmann::json;
namespace service = model::service;

constexpr base::Duration stop_reserve = std::chrono::seconds{2}; // of the stop budget, to see the killed ones off

std::string who(const std::optional<model::Identity>& by)
{
    if (!by) return "the daemon";
    return "uid " + std::to_string(by->uid) + (by->command.empty() ? "" : " (" + by->command + ")");
}

} // namespace

struct Services::Impl {
    Services& owner;
    loop::Loop& loop;
    Runs& runs;
    Operations& operations;
    store::State& state;
    std::string prepare_program;
    ServiceMap services;
    std::map<std::string, std::string, std::less<>> service_of_run; // main and newest auxiliary runs
    std::mt19937_64 random{std::random_device{}()};
    Subscription run_changes, run_ready;
    std::optional<base::Time> stop_deadline;
    std::function<void()> stop_done;
    std::unique_ptr<loop::Timer> stop_timer;
    loop::Deferred pump_soon;

    Impl(Services& o, loop::Loop& l, Runs& r, Operations& ops, store::State& s, std::string p)
        : owner(o), loop(l), runs(r), operations(ops), state(s), prepare_program(std::move(p)), pump_soon(l, [this] {
              pump();
          })
    {
        run_changes = runs.on_change.subscribe([this](const RunRecord& record, Moment m) { run_changed(record, m); });
        run_ready = runs.on_ready.subscribe([this](const std::string& id) {
            if (auto* entry = entry_of_run(id); entry && entry->main == id) send(*entry, service::MainReady{});
        });
    }

    // --- the machine's shell -------------------------------------------------------------------------------------

    ServiceEntry* entry_of_run(const std::string& id)
    {
        const auto name = service_of_run.find(id);
        if (name == service_of_run.end()) return nullptr;
        const auto found = services.find(name->second);
        return found == services.end() ? nullptr : &found->second;
    }

    void save(const ServiceEntry& entry)
    {
        if (const auto saved = state.put_now("service/" + entry.spec.name, stored(entry)); !saved)
            base::log::error("a service's state cannot be put on record",
                             {{"service", entry.spec.name}, {"reason", saved.error().message()}});
    }

    void send(ServiceEntry& entry, const service::Input& input)
    {
        if (entry.next_spec && service::settled(entry.machine)) {
            entry.spec = *std::move(entry.next_spec);
            entry.next_spec.reset();
        }
        auto spec = effective(entry.spec, prepare_program);
        if (stop_deadline)
            spec.stop.timeout =
                std::clamp<base::Duration>(*stop_deadline - stop_reserve - base::now(), {}, spec.stop.timeout);
        const service::Context context{spec, base::now(), std::uniform_real_distribution<>{0, 1}(random)};
        auto step = service::step(entry.machine, input, context);
        if (step.next == entry.machine && step.actions.empty()) return;

        const auto before = service::name_of(entry.machine);
        const bool was_ready = std::holds_alternative<service::Ready>(entry.machine.state);
        entry.machine = std::move(step.next);
        const auto after = service::name_of(entry.machine);
        if (before != after) {
            entry.since = base::wall_now();
            entry.operation_left = true;
            if (std::holds_alternative<service::Ready>(entry.machine.state)) entry.ready_since = entry.since;
            base::log::info(
                "service changed",
                {{"service", entry.spec.name}, {"from", before}, {"to", after}, {"reason", entry.machine.reason}});
        }
        // Ids of the runs to come are part of what is saved, so that another manager starts these and no others.
        for (const auto& action : step.actions)
            if (const auto* start = std::get_if<service::StartRun>(&action)) {
                auto& id = start->role == Role::main ? entry.main : entry.aux;
                service_of_run.erase(id);
                id = make_ulid(base::wall_now());
                service_of_run[id] = entry.spec.name;
                if (start->role == Role::main) entry.stuck.clear();
            }
        save(entry);
        arm(entry);
        const std::string name = entry.spec.name;
        for (const auto& action : step.actions) perform(entry, action);
        if (was_ready && !std::holds_alternative<service::Ready>(entry.machine.state) &&
            std::holds_alternative<service::MainEnded>(input))
            stop_bound(name);
        check_operation(entry);
        owner.on_change.tell(name);
        pump_soon.arm();
    }

    void arm(ServiceEntry& entry)
    {
        const auto deadline = service::deadline(entry.machine);
        if (!deadline) {
            if (entry.timer) entry.timer->cancel();
            return;
        }
        if (!entry.timer)
            entry.timer = std::make_unique<loop::Timer>(loop, [this, name = entry.spec.name] {
                if (const auto found = services.find(name); found != services.end()) {
                    send(found->second, service::Tick{});
                    arm(found->second);
                }
            });
        entry.timer->at(*deadline);
    }

    void perform(ServiceEntry& entry, const service::Action& action)
    {
        if (const auto* start = std::get_if<service::StartRun>(&action)) {
            start_run(entry, start->role, start->index);
        } else if (const auto* stop = std::get_if<service::StopMain>(&action)) {
            model::run::StopWanted how{stop->why, SIGTERM, stop->tree, stop->timeout};
            if (!stop->tree) how.signal = model::signal_number(entry.spec.stop.signal).value_or(SIGTERM);
            (void)runs.stop(entry.main, how, entry.machine.reason);
        } else {
            (void)runs.stop(entry.aux, model::run::StopWanted{}, "it was not needed any more");
        }
    }

    void start_run(ServiceEntry& entry, Role role, std::uint32_t index)
    {
        const auto& id = role == Role::main ? entry.main : entry.aux;
        const auto started = runs.start(run_request(entry, role, index, id, prepare_program));
        if (!started) {
            base::log::error(
                "a service's command cannot be started",
                {{"service", entry.spec.name}, {"role", model::name_of(role)}, {"reason", started.error().message()}});
            model::Outcome outcome;
            outcome.kind = model::OutcomeKind::spawn_failed;
            outcome.stage = "request";
            if (role == Role::main)
                send(entry, service::MainEnded{outcome});
            else
                send(entry, service::AuxEnded{outcome});
            return;
        }
        if (!entry.operation.empty()) operations.add_run(entry.operation, id);
    }

    void run_changed(const RunRecord& record, Moment moment)
    {
        auto* entry = entry_of_run(record.id);
        if (stop_done) pump_soon.arm();
        if (entry == nullptr) return;
        if (record.id != entry->main) {
            if (moment == Moment::closed && record.id == entry->aux) send(*entry, service::AuxEnded{*record.outcome});
            return;
        }
        if (moment == Moment::started) send(*entry, service::MainSpawned{});
        if (entry->stuck != record.leftovers) {
            entry->stuck = record.leftovers;
            check_operation(*entry);
            owner.on_change.tell(entry->spec.name);
        }
        if (moment != Moment::closed) return;
        entry->last = LastEnd{record.id, *record.outcome, record.ended, record.tail};
        const auto skip = record.tail.size() > 10 ? record.tail.size() - 10 : 0;
        entry->last->lines.erase(entry->last->lines.begin(),
                                 entry->last->lines.begin() + static_cast<std::ptrdiff_t>(skip));
        entry->proof = record.proof;
        send(*entry, service::MainEnded{*record.outcome});
    }

    // --- order ---------------------------------------------------------------------------------------------------

    // What a change of one service means for the others: starts whose dependencies are met, stops whose turn has come.
    void pump()
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
    void stop_bound(const std::string& failed)
    {
        for (auto& [name, entry] : services) {
            const auto& bound = entry.spec.binds_to;
            if (std::find(bound.begin(), bound.end(), failed) == bound.end() || !is_live(entry)) continue;
            entry.pending_stop = ServiceEntry::PendingStop{failed + " ended, to which it is bound", !stop_deadline};
            save(entry);
        }
    }

    void want_stop(ServiceEntry& entry, const std::string& by, bool restart)
    {
        entry.pending_stop = ServiceEntry::PendingStop{by, restart};
        save(entry);
        pump_soon.arm();
    }

    // --- operations ----------------------------------------------------------------------------------------------

    base::Result<ServiceEntry*> find(std::string_view name)
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

    base::Result<Operation> begin(ServiceEntry& entry, std::string action, const std::optional<model::Identity>& by)
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

    void finish(ServiceEntry& entry, const char* result, const std::string& reason)
    {
        const auto id = std::exchange(entry.operation, {});
        const auto operation = operations.get(id);
        const bool stops = operation && (operation->action == "stop" || operation->action == "restart");
        operations.finish(id, result, reason, stops ? entry.proof : std::nullopt,
                          stops ? entry.stuck : std::vector<std::int32_t>{});
        save(entry);
    }

    void check_operation(ServiceEntry& entry)
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

    void check_stop_all()
    {
        if (!stop_done) return;
        const bool live =
            std::any_of(services.begin(), services.end(), [](const auto& e) { return is_live(e.second); });
        if (live || runs.active() > 0) return;
        stop_timer.reset();
        auto done = std::exchange(stop_done, nullptr);
        done();
    }

    void kill_rest()
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
};

Services::Services(loop::Loop& loop, Runs& runs, Operations& operations, store::State& state,
                   std::string prepare_program)
    : impl_(std::make_unique<Impl>(*this, loop, runs, operations, state, std::move(prepare_program)))
{
}
Services::~Services() = default;

void Services::load(const std::map<std::string, model::ServiceSpec>& specs, bool restored)
{
    auto& m = *impl_;
    for (const auto& [name, spec] : specs) m.services[name].spec = spec;
    std::vector<std::string> stale;
    m.state.for_each("service/", [&](std::string_view key, const json& document) {
        const std::string name(key.substr(8));
        if (!restored) {
            stale.push_back(name);
            return;
        }
        auto& entry = m.services[name];
        if (entry.spec.name.empty()) { // removed from the configuration, still to be taken down
            entry.spec.name = name;
            entry.removed = true;
        }
        try {
            restore(entry, document);
        } catch (const json::exception& e) {
            base::log::error("a service's stored state cannot be read; it is taken as down",
                             {{"service", name}, {"reason", e.what()}});
        }
        for (const auto* id : {&entry.main, &entry.aux})
            if (!id->empty()) m.service_of_run[*id] = name;
    });
    for (const auto& name : stale) (void)m.state.erase("service/" + name);
    for (auto& [name, entry] : m.services) {
        if (entry.since == base::WallTime{}) entry.since = base::wall_now();
        if (restored && m.state.get("service/" + name)) continue;
        if (entry.spec.auto_start) m.send(entry, service::StartWanted{"start = auto"});
    }
    if (!restored) return;
    // A run that was decided but is known to nobody was never asked for.
    for (auto& [name, entry] : m.services) {
        const auto& state = entry.machine.state;
        const auto known = [&](const std::string& id) { return m.runs.get(id).has_value(); };
        if (const auto* starting = std::get_if<service::Starting>(&state)) {
            if (!known(entry.main)) m.start_run(entry, Role::main, 0);
            if (starting->probing && !known(entry.aux)) m.start_run(entry, Role::ready, 0);
        } else if (const auto* pre = std::get_if<service::PreStart>(&state); pre && !known(entry.aux)) {
            m.start_run(entry, Role::pre_start, pre->index);
        } else if (const auto* post = std::get_if<service::PostStop>(&state); post && !known(entry.aux)) {
            m.start_run(entry, Role::post_stop, post->index);
        } else if (const auto* stop = std::get_if<service::StopCommand>(&state);
                   stop && stop->running && !known(entry.aux)) {
            m.start_run(entry, Role::stop, 0);
        } else if (std::holds_alternative<service::Stopping>(state) && known(entry.main)) {
            m.perform(entry, service::StopMain{model::OutcomeKind::cancelled, false, entry.spec.stop.timeout});
        }
        m.arm(entry);
        m.check_operation(entry);
    }
    m.pump_soon.arm();
}

void Services::apply(const std::map<std::string, model::ServiceSpec>& specs)
{
    auto& m = *impl_;
    for (auto& [name, entry] : m.services) entry.removed = !specs.contains(name);
    for (const auto& [name, spec] : specs) {
        const auto [at, added] = m.services.try_emplace(name);
        auto& entry = at->second;
        if (added) {
            entry.spec = spec;
            entry.since = base::wall_now();
            if (spec.auto_start) m.send(entry, service::StartWanted{"start = auto"});
            on_change.tell(name);
            continue;
        }
        if (entry.spec == spec) {
            entry.next_spec.reset();
            continue;
        }
        const auto& state = entry.machine.state;
        const bool starts =
            std::holds_alternative<service::PreStart>(state) || std::holds_alternative<service::Starting>(state);
        if (starts)
            entry.next_spec = spec;
        else
            entry.spec = spec;
        on_change.tell(name);
    }
    m.pump_soon.arm();
}

base::Result<Operation> Services::start(std::string_view name, const std::optional<model::Identity>& by)
{
    auto& m = *impl_;
    auto found = m.find(name);
    if (!found) return tl::unexpected(found.error());
    auto& entry = **found;
    if (entry.removed) return fail(Errc::conflict, "service \"" + std::string(name) + "\" is no longer configured");
    auto operation = m.begin(entry, "start", by);
    if (!operation) return operation;
    entry.pending_stop.reset();
    for (const auto& needed : needed_by(m.services, name))
        if (const auto other = m.services.find(needed); other != m.services.end() && !other->second.machine.wanted)
            m.send(other->second, service::StartWanted{"required by " + std::string(name)});
    m.send(entry, service::StartWanted{who(by)});
    m.check_operation(entry);
    m.save(entry);
    return m.operations.get(operation->id);
}

base::Result<Operation> Services::stop(std::string_view name, const std::optional<model::Identity>& by)
{
    auto& m = *impl_;
    auto found = m.find(name);
    if (!found) return tl::unexpected(found.error());
    auto& entry = **found;
    auto operation = m.begin(entry, "stop", by);
    if (!operation) return operation;
    for (const auto& dependent : dependents_of(m.services, name))
        if (const auto other = m.services.find(dependent);
            other != m.services.end() && !std::holds_alternative<service::Down>(other->second.machine.state))
            m.want_stop(other->second, who(by) + ", because it requires " + std::string(name), false);
    m.want_stop(entry, who(by), false);
    m.pump();
    m.check_operation(entry);
    return m.operations.get(operation->id);
}

base::Result<Operation> Services::restart(std::string_view name, const std::optional<model::Identity>& by)
{
    auto& m = *impl_;
    auto found = m.find(name);
    if (!found) return tl::unexpected(found.error());
    auto& entry = **found;
    if (entry.removed) return fail(Errc::conflict, "service \"" + std::string(name) + "\" is no longer configured");
    auto operation = m.begin(entry, "restart", by);
    if (!operation) return operation;
    for (const auto& dependent : dependents_of(m.services, name))
        if (const auto other = m.services.find(dependent); other != m.services.end() && is_live(other->second))
            m.want_stop(other->second, who(by) + ", because it requires " + std::string(name), true);
    for (const auto& needed : needed_by(m.services, name))
        if (const auto other = m.services.find(needed); other != m.services.end() && !other->second.machine.wanted)
            m.send(other->second, service::StartWanted{"required by " + std::string(name)});
    m.want_stop(entry, who(by), true);
    m.pump();
    m.check_operation(entry);
    return m.operations.get(operation->id);
}

base::Result<Operation> Services::signal(std::string_view name, int signal, protocol::Scope scope,
                                         const std::optional<model::Identity>& by)
{
    auto& m = *impl_;
    auto found = m.find(name);
    if (!found) return tl::unexpected(found.error());
    const auto sent = m.runs.signal((*found)->main, signal, scope);
    if (!sent) return fail(Errc::conflict, "nothing of service \"" + std::string(name) + "\" runs");
    const auto operation = m.operations.begin("signal", std::string(name), by);
    if (!operation) return operation;
    m.operations.finish(operation->id, "ok", "sent " + model::signal_name(signal));
    return m.operations.get(operation->id);
}

base::Result<Operation> Services::reload(std::string_view name, const std::optional<model::Identity>& by)
{
    auto& m = *impl_;
    auto found = m.find(name);
    if (!found) return tl::unexpected(found.error());
    if (const auto sent = m.runs.signal((*found)->main, SIGHUP, protocol::Scope::leader); !sent)
        return fail(Errc::conflict, "nothing of service \"" + std::string(name) + "\" runs");
    const auto operation = m.operations.begin("reload", std::string(name), by);
    if (!operation) return operation;
    m.operations.finish(operation->id, "ok", "sent SIGHUP");
    return m.operations.get(operation->id);
}

base::Result<Operation> Services::abort(std::string_view id)
{
    auto& m = *impl_;
    auto operation = m.operations.get(id);
    if (!operation || operation->state == "done") return operation;
    const auto found = m.services.find(operation->service);
    if (found != m.services.end() && found->second.operation == operation->id) {
        found->second.operation.clear();
        found->second.pending_stop.reset();
        m.save(found->second);
    }
    m.operations.finish(id, "aborted", "somebody aborted it");
    return m.operations.get(id);
}

void Services::stop_all(base::Time deadline, std::function<void()> done)
{
    auto& m = *impl_;
    if (m.stop_deadline) return;
    m.stop_deadline = deadline;
    m.stop_done = std::move(done);
    for (auto& [name, entry] : m.services) {
        if (!entry.operation.empty()) m.finish(entry, "aborted", "the daemon is stopping");
        if (!std::holds_alternative<service::Down>(entry.machine.state))
            entry.pending_stop = ServiceEntry::PendingStop{"the daemon's stop", false};
    }
    for (const auto& record : m.runs.live())
        if (record.kind == model::RunKind::adhoc)
            (void)m.runs.stop(record.id, model::run::StopWanted{}, "the daemon is stopping");
    m.stop_timer = std::make_unique<loop::Timer>(m.loop, [this] { impl_->kill_rest(); });
    m.stop_timer->at(deadline - stop_reserve);
    m.pump_soon.arm();
}

std::vector<std::string> Services::names() const
{
    std::vector<std::string> names;
    for (const auto& entry : impl_->services) names.push_back(entry.first);
    return names;
}

base::Result<json> Services::status(std::string_view name) const
{
    const auto found = impl_->find(name);
    if (!found) return tl::unexpected(found.error());
    return service_status(std::string(name), **found, impl_->services, impl_->runs);
}

std::set<std::string> Services::running() const
{
    std::set<std::string> names;
    for (const auto& [name, entry] : impl_->services)
        if (is_live(entry)) names.insert(name);
    return names;
}

std::size_t Services::count_ready() const
{
    return static_cast<std::size_t>(std::count_if(impl_->services.begin(), impl_->services.end(), [](const auto& e) {
        return std::holds_alternative<service::Ready>(e.second.machine.state);
    }));
}

std::size_t Services::count_failed() const
{
    return static_cast<std::size_t>(std::count_if(impl_->services.begin(), impl_->services.end(), [](const auto& e) {
        return service::name_of(e.second.machine) == "failed";
    }));
}

} // namespace processd::supervisor
