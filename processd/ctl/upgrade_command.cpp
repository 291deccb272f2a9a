// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/wall_time.h"
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/operation_wait.h"

#include <nlohmann/json.hpp>

namespace processd::ctl {
namespace {

// Of the operations in a list, the upgrade that was asked for since; null if there is none.
nlohmann::json upgrade_since(base::WallTime began, const nlohmann::json& list)
{
    for (const auto& operation : part(list, "operations"))
        if (text(operation, "action") == "upgrade" && time(operation, "created") >= began) return operation;
    return nullptr;
}

} // namespace

// The answer comes when the installed program was tried; then this manager gives way to the one that can tell how it
// went. One that hangs is made to give way, perhaps before its answer is through: then the wish is on record.
int upgrade_command(Session& session)
{
    auto request = post("/v1/upgrade");
    request.wait = std::chrono::seconds{20}; // twice what the keeper gives a program that hangs
    const auto deadline = wait_deadline(session);
    const auto began = std::chrono::floor<std::chrono::microseconds>(base::wall_now()); // as times are in replies
    auto reply = session.ask_once(request, get("/v1/operations"));
    auto operation = reply.and_then([&](const auto& r) { return session.value(r); });
    if (!operation) return operation.error();
    if (operation->contains("operations")) {
        const auto id = text(upgrade_since(began, *operation), "id");
        if (id.empty()) {
            session.complain("the manager ended before it took the upgrade up; nothing has changed");
            return exit_failed;
        }
        reply = session.ask_patiently(get("/v1/operations/" + client::encoded(id)));
        operation = reply.and_then([&](const auto& r) { return session.value(r); });
        if (!operation) return operation.error();
    }
    return finish(session, {*std::move(operation), reply->body}, deadline, nullptr);
}

} // namespace processd::ctl
