// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/context.h: what handlers work with.
#pragma once

#include "processd/api/abilities.h"
#include "processd/api/later.h"
#include "processd/api/refusals.h"
#include "processd/api/waits.h"
#include "processd/supervisor/supervisor.h"

#include <functional>

namespace processd::api {

class AccessRules;
class RequestTally;
class Server;

struct Context {
    supervisor::Supervisor& supervisor;
    Waits waits;
    Later later;
    Abilities abilities;
    RequestTally& tally;
    Refusals refusals;
    Server* server = nullptr;            // set once it is there, before the first request
    const AccessRules* access = nullptr; // likewise
};

// Who asks, as records and operations name it.
inline model::Identity asker(const Request& request)
{
    return {request.peer.uid, request.peer.pid, request.peer.command};
}
inline bool sees_environment(const Request& request) { return request.access >= model::Access::operate; }

} // namespace processd::api
