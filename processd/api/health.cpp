// SPDX-License-Identifier: GPL-3.0-or-later
// GET /v1/health: for load balancers, container platforms and monitoring, which look at the status alone.
#include "processd/api/context.h"
#include "processd/api/handlers.h"
#include "processd/api/problem.h"
#include "processd/api/query.h"

#include <nlohmann/json.hpp>

namespace processd::api {

using nlohmann::json;

void get_health(const Call& call)
{
    Query query(call.request());
    static const std::vector<std::string_view> levels{"alive", "ready"};
    const auto level = query
                           .word(
                               "level",
                               [](std::string_view word) -> std::optional<model::Level> {
                                   if (word == "alive") return model::Level::alive;
                                   if (word == "ready") return model::Level::ready;
                                   return std::nullopt;
                               },
                               levels)
                           .value_or(model::Level::ready);
    if (query.problem()) return call.reply(*query.problem());
    auto problems = call.context.supervisor.services().health(level);
    if (level == model::Level::ready && call.context.supervisor.stopping())
        problems.push_back(
            {{"service", nullptr}, {"state", nullptr}, {"check", nullptr}, {"reason", "the daemon is stopping"}});
    const bool healthy = problems.empty();
    call.reply(json_reply(healthy ? 200 : 503,
                          {{"healthy", healthy}, {"level", model::name_of(level)}, {"problems", std::move(problems)}}));
}

} // namespace processd::api
