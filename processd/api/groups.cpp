// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/context.h"
#include "processd/api/handlers.h"
#include "processd/api/problem.h"
#include "processd/api/query.h"
#include "processd/supervisor/service_groups.h"

#include <nlohmann/json.hpp>

namespace processd::api {
namespace {

using supervisor::GroupAction;

void change_group(const Call& call, GroupAction action)
{
    auto& supervisor = call.context.supervisor;
    if (action != GroupAction::stop && supervisor.stopping())
        return call.reply(problem(Kind::unavailable, "the daemon is stopping"));
    Query query(call.request());
    const auto wait = query.wait();
    if (query.problem()) return call.reply(*query.problem());
    const auto whole = supervisor.services().change_group(call.parameters[0], action, asker(call.request()));
    if (!whole) return call.reply(problem(whole.error()));
    call.context.waits.for_operation(call.exchange, whole->id, wait.value_or(base::Duration{}));
}

} // namespace

void list_groups(const Call& call)
{
    call.reply(json_reply(200, {{"groups", call.context.supervisor.services().groups()}, {"next", nullptr}}));
}

void start_group(const Call& call) { change_group(call, GroupAction::start); }
void stop_group(const Call& call) { change_group(call, GroupAction::stop); }
void restart_group(const Call& call) { change_group(call, GroupAction::restart); }

} // namespace processd::api
