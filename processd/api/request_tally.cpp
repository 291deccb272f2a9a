// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/request_tally.h"

#include <algorithm>

namespace processd::api {
namespace {

constexpr const char* requests = "processd_api_requests";
constexpr const char* durations = "processd_api_request_duration_seconds";
constexpr const char* refusals = "processd_api_refused_connections";
constexpr std::array<const char*, 5> class_names{"closed", "2xx", "3xx", "4xx", "5xx"};

model::Labels labels_of(std::size_t place)
{
    if (place >= routes().size()) return {{"method", ""}, {"route", ""}};
    const auto& route = routes()[place];
    return {{"method", std::string(route.method)}, {"route", std::string(route.path)}};
}

} // namespace

RequestTally::RequestTally(model::Counters& counters, std::function<void()> changed)
    : counters_(counters), changed_(std::move(changed)), routes_(routes().size() + 1)
{
    for (const auto* why : {"access", "limit"}) (void)counters_.counter(refusals, {{"reason", why}});
    // What was counted before is told also if it does not happen any more.
    for (const auto& labels : counters_.known(durations))
        (void)counters_.times(durations, labels, model::bounds::request);
}

RequestTally::Of& RequestTally::count(std::size_t route, int status)
{
    const auto place = std::min(route, routes_.size() - 1);
    const auto answer = status < 200 ? 0U : std::min(static_cast<std::size_t>(status / 100 - 1), classes - 1);
    auto& of = routes_[place];
    auto& count = of.counts[answer];
    if (!count) {
        auto labels = labels_of(place);
        labels.emplace_back("status", class_names[answer]);
        count = counters_.counter(requests, labels);
    }
    ++count->value;
    changed_();
    return of;
}

void RequestTally::answered(std::size_t route, int status, base::Duration took)
{
    auto& of = count(route, status);
    if (status == 0) return;
    if (!of.times)
        of.times = counters_.times(durations, labels_of(std::min(route, routes_.size() - 1)), model::bounds::request);
    of.times->times.add(took);
}

void RequestTally::unreadable(int status) { (void)count(npos, status); }

void RequestTally::refused(Refused why)
{
    ++counters_.counter(refusals, {{"reason", why == Refused::access ? "access" : "limit"}})->value;
    changed_();
}

void RequestTally::write(model::MetricText& to, const model::Counters& counters)
{
    using enum model::MetricType;
    to.family(requests, counter, "", "Requests to the API, by route and kind of answer");
    counters.write(to, requests);
    to.family(durations, histogram, "seconds", "How long an answer took, or the beginning of a stream");
    counters.write(to, durations);
    to.family(refusals, counter, "", "Connections that were refused, as the peer has no level or there were too many");
    counters.write(to, refusals);
}

} // namespace processd::api
