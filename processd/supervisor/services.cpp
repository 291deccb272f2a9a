// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/services.h"

#include "helpers/base/log.h"
#include "processd/store/state.h"
#include "processd/supervisor/services_impl.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::supervisor {
namespace {

using base::Errc;
using base::fail;
using model::Role;
using nlohmann::json;
namespace service = model::service;

constexpr const char* by_configuration = "its configuration (start = auto)";

std::string who(const std::optional<model::Identity>& by)
{
    if (!by) return "the daemon";
    return "uid " + std::to_string(by->uid) + (by->command.empty() ? "" : " (" + by->command + ")");
}

// Has a main process that was seen to run, or did when it was told to end.
bool has_main(const service::State& state)
{
    if (const auto* starting = std::get_if<service::Starting>(&state)) return starting->spawned;
    if (const auto* stop = std::get_if<service::StopCommand>(&state)) return !stop->ended;
    return std::holds_alternative<service::Ready>(state) || std::holds_alternative<service::Stopping>(state);
}

} // namespace

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
        try {
            restore(entry, document);
        } catch (const json::exception& e) {
            base::log::error("a service's stored state cannot be read; it is taken as down",
                             {{"service", name}, {"reason", e.what()}});
        }
        if (entry.spec.name.empty()) { // removed from the configuration, still to be taken down
            entry.removed = true;
            if (entry.begun) entry.spec = *entry.begun;
            entry.spec.name = name;
        }
        for (const auto* id : {&entry.main, &entry.aux})
            if (!id->empty()) m.service_of_run[*id] = name;
    });
    for (const auto& name : stale) (void)m.state.erase("service/" + name);
    for (auto& [name, entry] : m.services) {
        if (entry.since == base::WallTime{}) entry.since = base::wall_now();
        if (restored && m.state.get("service/" + name)) continue;
        if (entry.spec.auto_start) m.want_start(entry, by_configuration);
    }
    if (!restored) return;
    // A run that was decided but is known to nobody was never asked for.
    for (auto& [name, entry] : m.services) {
        const auto& state = entry.machine.state;
        const auto known = [&](const std::string& id) { return m.runs.get(id).has_value(); };
        const auto* starting = std::get_if<service::Starting>(&state);
        if (has_main(state) && !known(entry.main)) {
            model::Outcome lost;
            lost.kind = model::OutcomeKind::lost;
            m.send(entry, service::MainEnded{lost});
        } else if (starting != nullptr) {
            if (!known(entry.main)) m.start_run(entry, Role::main, 0);
            if (starting->probing && !known(entry.aux)) m.start_run(entry, Role::ready, 0);
        } else if (const auto* pre = std::get_if<service::PreStart>(&state); pre && !known(entry.aux)) {
            m.start_run(entry, Role::pre_start, pre->index);
        } else if (const auto* post = std::get_if<service::PostStop>(&state); post && !known(entry.aux)) {
            if (post->index < effective(entry, m.prepare_program).post_stop.size())
                m.start_run(entry, Role::post_stop, post->index);
            else // there were more of them when this one was due
                m.send(entry, service::AuxEnded{});
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
    std::vector<std::string> started; // once all are known
    for (auto& [name, entry] : m.services) entry.removed = !specs.contains(name);
    for (const auto& [name, spec] : specs) {
        const auto [at, added] = m.services.try_emplace(name);
        auto& entry = at->second;
        if (added) {
            entry.spec = spec;
            entry.since = base::wall_now();
            if (spec.auto_start) started.push_back(name);
            on_change.tell(name);
        } else if (!(entry.spec == spec)) {
            const auto* down = std::get_if<service::Down>(&entry.machine.state);
            if (spec.auto_start && !entry.spec.auto_start && down && down->why == service::Why::never_started)
                started.push_back(name);
            entry.spec = spec;
            on_change.tell(name);
        }
    }
    for (const auto& name : started) m.want_start(m.services.at(name), by_configuration);
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
    m.want_start(entry, who(by));
    m.check_operation(entry);
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
        if (auto& other = m.services.at(needed); !other.machine.wanted)
            m.want_start(other, std::string(name) + ", which requires it");
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
