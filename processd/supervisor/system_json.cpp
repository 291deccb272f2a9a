// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/system_json.h"

#include "processd/model/json.h"
#include "processd/store/records.h"
#include "processd/supervisor/config_json.h"
#include "processd/supervisor/host.h"
#include "processd/supervisor/journal.h"
#include "processd/supervisor/keeper_abilities.h"
#include "processd/supervisor/keeper_json.h"
#include "processd/supervisor/memory.h"
#include "processd/supervisor/version.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

namespace processd::supervisor {
namespace {

using nlohmann::json;

json kb(std::optional<std::int64_t> v) { return v ? json(*v) : json(nullptr); }

json manager_of(const SystemView& view)
{
    auto manager = manager_before_json(view.hello);
    manager.update({{"pid", ::getpid()},
                    {"incarnation", view.hello.incarnation},
                    {"started", model::json_time(view.started)},
                    {"version", version()},
                    {"memory_kb", kb(view.memory.manager_kb())}});
    return manager;
}

json config_of(const Configured& configured)
{
    json aside = json::array();
    for (const auto& [name, reason] : configured.set_aside()) aside.push_back({{"service", name}, {"reason", reason}});
    return {{"loaded", model::json_time(configured.loaded())},
            {"error", configured.error().empty() ? json(nullptr) : json(configured.error())},
            {"differs_on_disk", files_json(configured.differs_on_disk())},
            {"transient_set_aside", std::move(aside)}};
}

} // namespace

json system_json(const SystemView& view)
{
    const auto& hello = view.hello;
    const auto cgroup = text_of(hello.cgroup);
    view.memory.refresh();
    auto keeper = keeper_json(hello);
    keeper["memory_kb"] = kb(view.memory.keeper_kb());
    return {{"version", version()},
            {"time", model::json_time(base::wall_now())},
            {"epoch", std::to_string(hello.epoch)},
            {"boot_id", text_of(hello.boot_id)},
            {"keeper", std::move(keeper)},
            {"manager", manager_of(view)},
            {"abilities", abilities_json(hello)},
            {"proof", hello.proof == protocol::Proof::cgroup ? "cgroup" : "sweep"},
            {"cgroup", cgroup.empty() ? json(nullptr) : json(cgroup)},
            {"cgroup_controllers", controllers_of(hello)},
            {"config_dir", view.directories.config},
            {"state_dir", view.directories.state},
            {"runtime_dir", view.directories.runtime},
            {"socket", view.directories.runtime + "/api.socket"},
            {"config", config_of(view.configured)},
            {"counts",
             {{"services", view.services.names().size()},
              {"jobs", view.jobs.names().size()},
              {"services_ready", view.services.count_ready()},
              {"services_failed", view.services.count_failed()},
              {"runs_active", view.runs.active()},
              {"runs_recorded", view.records.size()},
              {"operations_open", view.operations.open_count()},
              {"output_dropped_bytes", view.journal.dropped_bytes()}}},
            {"logs", view.journal.targets().status()},
            {"stopping", view.stopping},
            {"stop_deadline", model::json_time(view.stop_deadline)}};
}

} // namespace processd::supervisor
