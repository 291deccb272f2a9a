// SPDX-License-Identifier: GPL-3.0-or-later
// GET /v1/metrics: docs/metrics.md.
#include "processd/supervisor/metrics.h"
#include "processd/api/context.h"
#include "processd/api/handlers.h"
#include "processd/api/request_tally.h"
#include "processd/api/server.h"

namespace processd::api {
namespace {

// OpenMetrics, unless the older format alone is named.
model::MetricFormat format_for(const Request& request)
{
    if (request.accepts("application/openmetrics-text") || !request.accepts("text/plain"))
        return model::MetricFormat::openmetrics;
    return model::MetricFormat::prometheus;
}

} // namespace

void get_metrics(const Call& call)
{
    auto& metrics = call.context.supervisor.metrics();
    metrics.gather([&context = call.context, &metrics, exchange = call.exchange] {
        const auto format = format_for(exchange->request());
        model::MetricText text(format);
        metrics.write(text);
        RequestTally::write(text, metrics.counters());
        using enum model::MetricType;
        text.family("processd_api_connections", gauge, "", "Connections to the API");
        text.sample({}, context.server->connections());
        text.family("processd_api_followers", gauge, "", "Of these, those that follow a stream");
        text.sample({}, context.server->followers());
        exchange->reply({200, std::string(content_type(format)), std::move(text).finish(), {}});
    });
}

} // namespace processd::api
