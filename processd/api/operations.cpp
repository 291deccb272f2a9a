// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/context.h"
#include "processd/api/handlers.h"
#include "processd/api/problem.h"
#include "processd/api/query.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace processd::api {

using nlohmann::json;

void list_operations(const Call& call)
{
    Query query(call.request());
    static const std::vector<std::string_view> states{"pending", "running", "done"};
    const auto service = query.text("service");
    const auto state = query.word(
        "state",
        [](std::string_view word) -> std::optional<std::string> {
            if (std::find(states.begin(), states.end(), word) == states.end()) return std::nullopt;
            return std::string(word);
        },
        states);
    const auto after = query.text("after");
    const auto limit = query.number("limit", 1, 1000, 100);
    if (query.problem()) return call.reply(*query.problem());
    std::optional<std::string> next;
    const auto found = call.context.supervisor.operations().list(service, state, after.value_or(""), limit, &next);
    call.reply(json_reply(200, {{"operations", found}, {"next", next ? json(*next) : json(nullptr)}}));
}

void get_operation(const Call& call)
{
    Query query(call.request());
    const auto wait = query.wait();
    if (query.problem()) return call.reply(*query.problem());
    if (wait) return call.context.waits.for_operation(call.exchange, call.parameters[0], *wait);
    const auto operation = call.context.supervisor.operations().get(call.parameters[0]);
    call.reply(operation ? json_reply(200, *operation) : problem(operation.error()));
}

void abort_operation(const Call& call)
{
    auto& supervisor = call.context.supervisor;
    const auto by = asker(call.request());
    if (const auto open = supervisor.operations().get(call.parameters[0]); open && open->state != "done") {
        if (open->action == "upgrade")
            return call.reply(problem(Kind::conflict, "an upgrade cannot be aborted; it takes a moment"));
        supervisor.jobs().abort(*open, by);
    }
    const auto operation = supervisor.services().abort(call.parameters[0], by);
    call.reply(operation ? json_reply(200, *operation) : problem(operation.error()));
}

} // namespace processd::api
