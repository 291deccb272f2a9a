// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/access_rules.h"
#include "processd/api/context.h"
#include "processd/api/handlers.h"
#include "processd/api/problem.h"
#include "processd/api/query.h"

#include <nlohmann/json.hpp>

namespace processd::api {

using nlohmann::json;

namespace {

Reply not_there(const Call& call, const base::Error& error)
{
    const auto& name = call.parameters[0];
    if (error.code == base::Errc::not_found && call.context.supervisor.configuration().services.contains(name))
        return problem(Kind::not_found,
                       "\"" + name + "\" is no job but a service: `processctl status` and `start` are for those");
    return problem(error);
}

} // namespace

void list_jobs(const Call& call)
{
    auto& jobs = call.context.supervisor.jobs();
    json list = json::array();
    for (const auto& name : jobs.names())
        if (auto status = jobs.status(name)) list.push_back(*std::move(status));
    call.reply(json_reply(200, {{"jobs", std::move(list)}, {"next", nullptr}}));
}

void get_job(const Call& call)
{
    const auto status = call.context.supervisor.jobs().status(call.parameters[0]);
    call.reply(status ? json_reply(200, *status) : not_there(call, status.error()));
}

void run_job(const Call& call)
{
    const auto& request = call.request();
    const auto& name = call.parameters[0];
    if (request.access < model::Access::operate && !call.context.access->may_run(request.peer, name)) {
        log_refusal(call.context.refusals, request.peer, "to run job " + name.substr(0, 200));
        return call.reply(problem(Kind::forbidden,
                                  "this needs level operate, or to be named in the job's \"allow\", and uid " +
                                      std::to_string(request.peer.uid) + " has level " +
                                      std::string(name_of(request.access)),
                                  {{"needs", name_of(model::Access::operate)}, {"level", name_of(request.access)}}));
    }
    Query query(request);
    const auto wait = query.wait();
    if (query.problem()) return call.reply(*query.problem());
    const auto operation = call.context.supervisor.jobs().run(name, asker(request));
    if (!operation) return call.reply(not_there(call, operation.error()));
    call.context.waits.for_operation(call.exchange, operation->id, wait.value_or(base::Duration{}));
}

} // namespace processd::api
