// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/api.h: the REST API as a whole: server, access rules and routes over a supervisor that outlives it.
// docs/openapi.yaml is the contract. Connections wait in the listening socket's queue until the names in the access
// rules are known (at most a few seconds, and only if there are any).
#pragma once

#include "helpers/base/unique_fd.h"
#include "processd/model/service_spec.h"

#include <memory>

namespace processd::loop {
class Loop;
}
namespace processd::supervisor {
class Supervisor;
}

namespace processd::api {

class Api {
public:
    Api(loop::Loop& loop, supervisor::Supervisor& supervisor, base::UniqueFd listening);
    ~Api();
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    // After a reload: access rules for connections to come, limits for requests to come.
    void configure(const model::Configuration& configuration);
    // This manager gives way: who waits for the end of something is answered, who connects from now on waits in the
    // socket's queue for the next one.
    void leave();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace processd::api
