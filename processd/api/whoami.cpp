// SPDX-License-Identifier: GPL-3.0-or-later
// GET /v1/whoami: how the daemon sees who asks, and what follows from that.
#include "processd/api/access_rules.h"
#include "processd/api/context.h"
#include "processd/api/handlers.h"
#include "processd/api/problem.h"

#include <array>
#include <nlohmann/json.hpp>

namespace processd::api {
namespace {

using model::Access;
using nlohmann::json;

struct Level {
    Access access;
    const char* allows; // beyond the levels below
};
constexpr std::array<Level, 3> levels{{
    {Access::read, "see services, runs, records, output and metrics"},
    {Access::operate,
     "start, stop, restart, reload and signal services, cancel runs and operations, see values of environments"},
    {Access::admin, "run commands, which is to be root, reload the configuration, shut the daemon down"},
}};

json routes_of(Access level)
{
    json list = json::array();
    for (const auto& route : routes())
        if (route.access == level) list.push_back(std::string(route.method) + " " + std::string(route.path));
    return list;
}

} // namespace

// The level is that of the connection; the rule is the one that gives it now, which may be another after a reload.
void get_whoami(const Call& call)
{
    const auto& request = call.request();
    const auto& peer = request.peer;
    const auto granted = call.context.access->granted(peer);
    const auto& maps = call.context.access->maps();
    json allowed = json::array();
    for (const auto& level : levels)
        allowed.push_back({{"level", name_of(level.access)},
                           {"granted", request.access >= level.access},
                           {"allows", level.allows},
                           {"routes", routes_of(level.access)}});
    const bool numbered = granted.by == Granted::By::user || granted.by == Granted::By::group;
    const bool named = numbered || granted.by == Granted::By::job;
    const auto command = peer.command.empty() ? command_of(peer.pid) : peer.command;
    call.reply(json_reply(200, {{"uid", peer.uid},
                                {"gid", peer.gid},
                                {"groups", peer.groups},
                                {"pid", peer.pid},
                                {"command", command.empty() ? json(nullptr) : json(command)},
                                {"mapped", !maps.unmapped_user(peer.uid)},
                                {"level", name_of(request.access)},
                                {"rule",
                                 {{"by", name_of(granted.by)},
                                  {"level", name_of(granted.level)},
                                  {"name", named ? json(granted.name) : json(nullptr)},
                                  {"id", numbered ? json(granted.id) : json(nullptr)}}},
                                {"jobs", call.context.access->may_run(peer)},
                                {"levels", allowed}}));
}

} // namespace processd::api
