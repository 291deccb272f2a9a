// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/abilities.h: what the daemon may do on this host. Asked of processd-abilities, a child as any other of
// the daemon and so with the same privileges, which tries things that the manager must not try in itself. Who asks
// while one runs gets the answer of the next: what was changed before a question is seen by its answer.
#pragma once

#include "processd/api/exchange.h"
#include "processd/supervisor/supervisor.h"

#include <string>
#include <vector>

namespace processd::api {

class Abilities {
public:
    Abilities(supervisor::Supervisor& supervisor, std::string program);
    Abilities(const Abilities&) = delete;
    Abilities& operator=(const Abilities&) = delete;

    void answer(const ExchangePtr& exchange);

private:
    void ask();
    void ended(const model::RunRecord& record);

    supervisor::Supervisor& supervisor_;
    const std::string program_;
    std::string run_; // empty: none is under way
    std::vector<ExchangePtr> asking_, waiting_;
    supervisor::Subscription run_ended_;
};

} // namespace processd::api
