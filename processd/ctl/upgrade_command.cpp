// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/operation_wait.h"

#include <nlohmann/json.hpp>

namespace processd::ctl {

// The answer comes when the installed program was tried; then this manager gives way to the one that can tell how it
// went.
int upgrade_command(Session& session)
{
    auto request = post("/v1/upgrade");
    request.wait = std::chrono::seconds{20}; // twice what the keeper gives a program that hangs
    const auto deadline = wait_deadline(session);
    const auto reply = session.ask(request);
    auto operation = reply.and_then([&](const auto& r) { return session.value(r); });
    if (!operation) return operation.error();
    return finish(session, {*std::move(operation), reply->body}, deadline, nullptr);
}

} // namespace processd::ctl
