// SPDX-License-Identifier: GPL-3.0-or-later
// Services that are declared and removed over the API.
#include "processd/api/context.h"
#include "processd/api/handlers.h"
#include "processd/api/problem.h"
#include "processd/api/query.h"
#include "processd/supervisor/config_json.h"

#include <nlohmann/json.hpp>

namespace processd::api {
namespace {

using supervisor::Configured;

Reply refusal(const Configured::Refused& refused)
{
    if (refused.problems.empty()) return problem(refused.error);
    return problem(Kind::bad_config, refused.error.message(), {{"errors", supervisor::errors_json(refused.problems)}});
}

const char* name_of(Configured::Declared declared)
{
    switch (declared) {
    case Configured::Declared::created: return "created";
    case Configured::Declared::changed: return "changed";
    case Configured::Declared::unchanged: return "unchanged";
    }
    return "changed";
}

} // namespace

void put_service(const Call& call)
{
    auto& supervisor = call.context.supervisor;
    const auto& name = call.parameters[0];
    const auto& body = call.request().body;
    if (supervisor.stopping()) return call.reply(problem(Kind::unavailable, "the daemon is stopping"));
    if (body.empty())
        return call.reply(problem(Kind::bad_json, "a declaration must be a JSON object; the body is empty"));
    if (body.size() > Configured::max_transient_bytes)
        return call.reply(too_large("the declaration of a transient service", Configured::max_transient_bytes));
    auto answer = supervisor.transient().put(name, body, asker(call.request()));
    if (!answer) return call.reply(refusal(answer.error()));
    const auto service = supervisor.services().status(name);
    if (!service) return call.reply(problem(service.error()));
    call.reply(json_reply(answer->declared == Configured::Declared::created ? 201 : 200,
                          {{"result", name_of(answer->declared)},
                           {"changes", std::move(answer->changes)},
                           {"warnings", supervisor::errors_json(answer->warnings)},
                           {"operation", answer->operation ? nlohmann::json(answer->operation->id) : nlohmann::json()},
                           {"service", *service}}));
}

void delete_service(const Call& call)
{
    Query query(call.request());
    const auto wait = query.wait();
    if (query.problem()) return call.reply(*query.problem());
    const auto stop = call.context.supervisor.transient().remove(call.parameters[0], asker(call.request()));
    if (!stop) return call.reply(refusal(stop.error()));
    call.context.waits.for_operation(call.exchange, stop->id, wait.value_or(base::Duration{}));
}

} // namespace processd::api
