// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/services.h"

#include "helpers/base/log.h"
#include "processd/store/state.h"
#include "processd/supervisor/service_groups.h"
#include "processd/supervisor/services_impl.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace processd::supervisor {
namespace {

using base::Errc;
using base::fail;
using model::Role;
using nlohmann::json;
namespace service = model::service;

constexpr const char* by_configuration = "its configuration (start = auto)";

} // namespace

Services::Services(loop::Loop& loop, Runs& runs, Operations& operations, store::State& state,
                   std::string prepare_program)
    : impl_(std::make_unique<Impl>(*this, loop, runs, operations, state, std::move(prepare_program)))
{
}
Services::~Services() = default;

void Services::load(const std::map<std::string, model::ServiceSpec>& specs)
{
    auto& m = *impl_;
    for (const auto& [name, spec] : specs) m.services[name].spec = spec;
    m.state.for_each("service/", [&](std::string_view key, const json& document) {
        const std::string name(key.substr(8));
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
    for (auto& [name, entry] : m.services) {
        if (entry.since == base::WallTime{}) entry.since = base::wall_now();
        if (m.state.get("service/" + name)) continue;
        if (entry.spec.auto_start) m.want_start(entry, by_configuration);
    }
    m.take_up();
    m.pump_soon.arm();
}

std::vector<std::string> Services::apply(const std::map<std::string, model::ServiceSpec>& specs)
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
            const bool other_checks = !(entry.spec.checks == spec.checks);
            entry.spec = spec;
            if (other_checks && std::holds_alternative<service::Ready>(entry.machine.state)) {
                m.change_checks(entry);
                m.save(entry);
            }
            on_change.tell(name);
        }
    }
    for (const auto& name : started) m.want_start(m.services.at(name), by_configuration);
    m.pump_soon.arm();
    return started;
}

base::Result<Operation> Services::start(std::string_view name, const std::optional<model::Identity>& by)
{
    return impl_->operate(name, "start", by);
}

base::Result<Operation> Services::stop(std::string_view name, const std::optional<model::Identity>& by)
{
    return impl_->operate(name, "stop", by);
}

base::Result<Operation> Services::restart(std::string_view name, const std::optional<model::Identity>& by)
{
    return impl_->operate(name, "restart", by);
}

base::Result<Operation> Services::change_group(std::string_view group, GroupAction action,
                                               const std::optional<model::Identity>& by)
{
    constexpr std::array<const char*, 3> actions{"start", "stop", "restart"};
    return impl_->change_group(group, actions.at(static_cast<std::size_t>(action)), by);
}

base::Result<Operation> Services::signal(std::string_view name, int signal, protocol::Scope scope,
                                         const std::optional<model::Identity>& by)
{
    return impl_->send_signal(name, "signal", signal, scope, by);
}

base::Result<Operation> Services::reload(std::string_view name, const std::optional<model::Identity>& by)
{
    return impl_->send_signal(name, "reload", SIGHUP, protocol::Scope::leader, by);
}

base::Result<Operation> Services::hold(std::string_view name, const std::optional<model::Identity>& by)
{
    return impl_->set_hold(name, true, by);
}

base::Result<Operation> Services::release(std::string_view name, const std::optional<model::Identity>& by)
{
    return impl_->set_hold(name, false, by);
}

base::Result<Operation> Services::reset(std::string_view name, const std::optional<model::Identity>& by)
{
    return impl_->reset(name, by);
}

base::Result<Operation> Services::abort(std::string_view id, const std::optional<model::Identity>& by)
{
    auto& m = *impl_;
    auto operation = m.operations.get(id);
    if (!operation || operation->state == "done") return operation;
    for (const auto& part : operation->parts) (void)abort(part, by); // the whole is done with them
    const auto found = m.services.find(operation->service);
    std::vector<store::Change> with;
    if (found != m.services.end() && found->second.operation == operation->id) {
        found->second.operation.clear();
        found->second.pending_stop.reset();
        with.push_back(Impl::document(found->second));
    }
    m.operations.finish(id, "aborted", "aborted by " + (by ? model::sentence(*by) : "the daemon"), {}, {},
                        std::move(with));
    return m.operations.get(id);
}

void Services::stop_all(base::Time deadline, std::function<void(bool in_order)> done)
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

std::vector<ServiceGroup> Services::groups() const { return groups_of(impl_->services); }

base::Result<std::vector<std::string>> Services::members(std::string_view group) const
{
    return members_of(impl_->services, group);
}

base::Result<json> Services::status(std::string_view name) const
{
    const auto found = impl_->find(name);
    if (!found) return tl::unexpected(found.error());
    return service_status(std::string(name), **found, impl_->services, impl_->runs);
}

base::Result<std::vector<std::string>> Services::why(std::string_view name) const
{
    const auto found = impl_->find(name);
    if (!found) return tl::unexpected(found.error());
    return why_sentences(impl_->services, **found, base::now(), base::wall_now());
}

std::set<std::string> Services::running() const
{
    std::set<std::string> names;
    for (const auto& [name, entry] : impl_->services)
        if (is_live(entry)) names.insert(name);
    return names;
}

json Services::health(model::Level level) const { return impl_->health(level); }

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
