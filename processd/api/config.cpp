// SPDX-License-Identifier: GPL-3.0-or-later
// GET /v1/config: the configuration in force, key by key, with the places where it was written.
#include "processd/api/context.h"
#include "processd/api/handlers.h"
#include "processd/api/problem.h"
#include "processd/supervisor/shown_config.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::api {
namespace {

config::Environments environments_for(const Request& request)
{
    return sees_environment(request) ? config::Environments::shown : config::Environments::hidden;
}

} // namespace

void get_config(const Call& call)
{
    const auto& supervisor = call.context.supervisor;
    const auto system = supervisor.system();
    call.reply(json_reply(200, supervisor::shown_config(system.at("config_dir"), system.at("config").at("loaded"),
                                                        supervisor.sources(), {}, environments_for(call.request()))));
}

void get_config_of(const Call& call)
{
    const auto& name = call.parameters[0];
    auto sources = call.context.supervisor.sources();
    std::erase_if(sources, [&](const config::SourceSet& set) { return set.name != name; });
    if (sources.empty()) return call.reply(problem(Kind::not_found, "there is no configuration of \"" + name + "\""));
    call.reply(
        json_reply(200, supervisor::shown_name(config::shown(sources, {}, environments_for(call.request())).front())));
}

} // namespace processd::api
