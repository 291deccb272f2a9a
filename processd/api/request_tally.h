// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/request_tally.h: what is counted of requests: how many, by route and kind of answer, and how long the
// answer took, or its beginning where it is a stream. The series are bounded by the route table.
#pragma once

#include "processd/api/route.h"
#include "processd/model/counters.h"

#include <array>
#include <functional>
#include <memory>
#include <vector>

namespace processd::api {

class RequestTally {
public:
    // changed: called for each request.
    RequestTally(model::Counters& counters, std::function<void()> changed);

    // route: its place in routes(), or npos for what none was found for. status 0: the client left before it was
    // answered.
    static constexpr std::size_t npos = SIZE_MAX;
    void answered(std::size_t route, int status, base::Duration took);
    void unreadable(int status); // what is no HTTP request, or no whole one
    enum class Refused { access, limit };
    void refused(Refused why); // a connection

    static void write(model::MetricText& to, const model::Counters& counters);

private:
    static constexpr std::size_t classes = 5; // closed, 2xx … 5xx
    struct Of {
        std::array<std::shared_ptr<model::Counter>, classes> counts;
        std::shared_ptr<model::TimeCounter> times;
    };
    Of& count(std::size_t route, int status);

    model::Counters& counters_;
    std::function<void()> changed_;
    std::vector<Of> routes_; // the last one for npos
};

} // namespace processd::api
