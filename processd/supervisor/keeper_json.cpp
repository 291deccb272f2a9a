// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/keeper_json.h"

#include "helpers/base/wall_time.h"
#include "processd/model/json.h"
#include "processd/model/outcome.h"

#include <nlohmann/json.hpp>

namespace processd::supervisor {
namespace {

using nlohmann::json;

std::string_view name_of(protocol::ManagerEnd end)
{
    switch (end) {
    case protocol::ManagerEnd::first_start: return "first_start";
    case protocol::ManagerEnd::ended: return "ended";
    case protocol::ManagerEnd::hung: return "hung";
    case protocol::ManagerEnd::replaced: return "replaced";
    }
    return "ended";
}

} // namespace

json keeper_json(const protocol::Hello& hello)
{
    return {{"pid", hello.keeper_pid},
            {"started", model::json_time(base::wall_from_ns(hello.started_wall_ns))},
            {"version", text_of(hello.version)},
            {"upgrades", hello.upgrades},
            {"orphans_reaped", hello.orphans_reaped}};
}

json manager_before_json(const protocol::Hello& hello)
{
    json status = nullptr;
    if (hello.previous_end != protocol::ManagerEnd::first_start)
        status = model::sentence(model::outcome_from_wait(model::OutcomeKind::exited, hello.previous_status));
    return {{"previous_end", name_of(hello.previous_end)}, {"previous_status", status}};
}

} // namespace processd::supervisor
