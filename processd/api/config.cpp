// SPDX-License-Identifier: GPL-3.0-or-later
// GET /v1/config: the configuration in force, key by key, with the places where it was written. Without secrets
// also for who may see them elsewhere, as this is what people attach to tickets.
#include "processd/api/context.h"
#include "processd/api/handlers.h"
#include "processd/api/problem.h"
#include "processd/supervisor/shown_config.h"

#include <nlohmann/json.hpp>

namespace processd::api {

void get_config(const Call& call)
{
    const auto& supervisor = call.context.supervisor;
    const auto system = supervisor.system();
    call.reply(json_reply(200, supervisor::shown_config(system.at("config_dir"), system.at("config").at("loaded"),
                                                        supervisor.sources(), {})));
}

void get_config_of(const Call& call)
{
    const auto& name = call.parameters[0];
    for (const auto& shown : config::shown(call.context.supervisor.sources(), {}))
        if (shown.name == name) return call.reply(json_reply(200, supervisor::shown_name(shown)));
    call.reply(problem(Kind::not_found, "there is no configuration of \"" + name + "\""));
}

} // namespace processd::api
