// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/context.h"
#include "processd/api/handlers.h"
#include "processd/api/problem.h"
#include "processd/api/server.h"

#include <nlohmann/json.hpp>

namespace processd::api {

using nlohmann::json;

json system_json(Context& context, const Peer& peer, model::Access access)
{
    json system = context.supervisor.system();
    system["counts"]["connections"] = context.server->connections();
    system["counts"]["followers"] = context.server->followers();
    system["you"] = {{"uid", peer.uid}, {"pid", peer.pid}, {"level", name_of(access)}};
    return system;
}

void get_system(const Call& call)
{
    const auto& request = call.request();
    call.reply(json_reply(200, system_json(call.context, request.peer, request.access)));
}

void get_abilities(const Call& call) { call.context.abilities.answer(call.exchange); }

namespace {

void answer(Exchange& exchange, const base::Result<json>& found, const json& errors, const char* and_so)
{
    if (found) return exchange.reply(json_reply(200, *found));
    if (errors.empty()) return exchange.reply(problem(found.error()));
    const auto count = std::to_string(errors.size());
    exchange.reply(
        problem(Kind::bad_config,
                "the configuration on disk has " + count + (count == "1" ? " error" : " errors") + "; " + and_so,
                {{"errors", errors}}));
}

} // namespace

void get_plan(const Call& call)
{
    call.context.supervisor.plan([exchange = call.exchange](const base::Result<json>& plan, const json& errors) {
        answer(*exchange, plan, errors, "a reload would change nothing");
    });
}

void post_reload(const Call& call)
{
    call.context.supervisor.reload(asker(call.request()),
                                   [exchange = call.exchange](const base::Result<json>& changes, const json& errors) {
                                       answer(*exchange, changes, errors, "nothing was changed");
                                   });
}

void post_shutdown(const Call& call)
{
    const auto deadline = call.context.supervisor.shutdown(asker(call.request()));
    call.reply(json_reply(202, {{"stopping", true}, {"stop_deadline", model::json_time(deadline)}}));
}

void post_upgrade(const Call& call)
{
    call.context.supervisor.upgrade(
        asker(call.request()), [exchange = call.exchange](const base::Result<supervisor::Operation>& operation) {
            if (operation) return exchange->reply(json_reply(202, *operation));
            const auto& error = operation.error();
            exchange->reply(error.code == base::Errc::not_permitted ? problem(Kind::upgrade_refused, error.message())
                                                                    : problem(error));
        });
}

} // namespace processd::api
