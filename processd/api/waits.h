// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/waits.h: requests that are answered when a run has ended or an operation is done, or when their wait
// expires (?wait=). One subscription and one timer for all of them. Who leaves is forgotten; nothing is cancelled.
#pragma once

#include "processd/api/exchange.h"
#include "processd/loop/loop.h"
#include "processd/supervisor/operations.h"
#include "processd/supervisor/runs.h"

#include <map>
#include <string>

namespace processd::api {

class Waits {
public:
    Waits(loop::Loop& loop, supervisor::Runs& runs, supervisor::Operations& operations);
    Waits(const Waits&) = delete;
    Waits& operator=(const Waits&) = delete;

    // 200 with the object once it has ended; 202 with it when `wait` passes before. Zero is 202 or 200 at once.
    void for_run(const ExchangePtr& exchange, const std::string& id, base::Duration wait);
    void for_operation(const ExchangePtr& exchange, const std::string& id, base::Duration wait);
    void let_go(); // 202 for all, now, as this manager is about to end

private:
    struct Wait {
        ExchangePtr exchange;
        base::Time until;
    };
    using Waiting = std::multimap<std::string, Wait>; // by id
    void add(Waiting& waiting, const ExchangePtr& exchange, const std::string& id, base::Duration wait);
    void expire(base::Time now);
    void arm();
    void disarm_if_idle();
    void reply_run(const ExchangePtr& exchange, const std::string& id, int status_while_unfinished) const;
    void reply_operation(const ExchangePtr& exchange, const std::string& id, int status_while_unfinished) const;

    supervisor::Runs& runs_;
    supervisor::Operations& operations_;
    Waiting for_runs_, for_operations_;
    loop::Timer timer_;
    supervisor::Subscription run_ended_, operation_done_;
};

} // namespace processd::api
