// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/counters.h"
#include "processd/model/metric_text.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd::model;
using namespace std::chrono_literals;

namespace {

constexpr std::array<base::Duration, 2> two{10ms, 1s};
const base::WallTime created{1'795'000'000s + 250ms};

MetricText everything(MetricFormat format)
{
    MetricText text(format);
    text.family("x_info_of", MetricType::info, "", "What it is");
    text.sample({{"version", "1"}}, 1);
    text.family("x_cpu_seconds", MetricType::counter, "seconds", "Time");
    text.sample({{"service", "a"}}, 1500ms, created);
    text.family("x_up", MetricType::gauge, "", "Nobody");
    text.family("x_took_seconds", MetricType::histogram, "seconds", "Took");
    Histogram took(two);
    for (const auto value : {base::Duration{10ms}, base::Duration{11ms}, base::Duration{5s}}) took.add(value);
    text.sample({}, took, created);
    return text;
}

} // namespace

TEST_CASE("metrics as OpenMetrics", "[model][metrics]")
{
    CHECK(everything(MetricFormat::openmetrics).finish() == R"(# TYPE x_info_of info
# HELP x_info_of What it is
x_info_of_info{version="1"} 1
# TYPE x_cpu_seconds counter
# UNIT x_cpu_seconds seconds
# HELP x_cpu_seconds Time
x_cpu_seconds_total{service="a"} 1.5
x_cpu_seconds_created{service="a"} 1795000000.25
# TYPE x_up gauge
# HELP x_up Nobody
# TYPE x_took_seconds histogram
# UNIT x_took_seconds seconds
# HELP x_took_seconds Took
x_took_seconds_bucket{le="0.01"} 1
x_took_seconds_bucket{le="1.0"} 2
x_took_seconds_bucket{le="+Inf"} 3
x_took_seconds_count 3
x_took_seconds_sum 5.021
x_took_seconds_created 1795000000.25
# EOF
)");
}

TEST_CASE("metrics in the older format announce samples, and know neither units nor an end", "[model][metrics]")
{
    CHECK(everything(MetricFormat::prometheus).finish() == R"(# TYPE x_info_of_info gauge
# HELP x_info_of_info What it is
x_info_of_info{version="1"} 1
# TYPE x_cpu_seconds_total counter
# HELP x_cpu_seconds_total Time
x_cpu_seconds_total{service="a"} 1.5
# TYPE x_up gauge
# HELP x_up Nobody
# TYPE x_took_seconds histogram
# HELP x_took_seconds Took
x_took_seconds_bucket{le="0.01"} 1
x_took_seconds_bucket{le="1.0"} 2
x_took_seconds_bucket{le="+Inf"} 3
x_took_seconds_count 3
x_took_seconds_sum 5.021
)");
}

TEST_CASE("any bytes may be a label's value", "[model][metrics]")
{
    MetricText text(MetricFormat::prometheus);
    text.family("x", MetricType::gauge, "", "X");
    text.sample({{"a", "q\" b\\ n\n ü"}}, true);
    text.sample({{"a", "\xff."}}, -3);
    CHECK(std::move(text).finish() == "# TYPE x gauge\n# HELP x X\n"
                                      "x{a=\"q\\\" b\\\\ n\\n ü\"} 1\n"
                                      "x{a=\"?.\"} -3\n");
}

TEST_CASE("a value on a bound is below it, and one of a clock that was set back is none", "[model][metrics]")
{
    Histogram h(two);
    for (const auto value : {base::Duration{-1s}, base::Duration{10ms}, base::Duration{1s}}) h.add(value);
    CHECK(h.counts() == std::vector<std::uint64_t>{2, 1, 0});
    CHECK(h.sum() == 1010ms);
}

TEST_CASE("counters go on from what was stored", "[model][metrics]")
{
    Counters before;
    before.counter("lines", {{"service", "web"}})->value = 7;
    before.times("took", {{"route", "/"}}, two)->times.add(20ms);
    const auto since = before.counter("lines", {{"service", "web"}})->created;

    Counters between; // a manager in which nobody asks for the times
    between.restore(before.stored());
    Counters after;
    after.restore(between.stored());
    CHECK(after.counter("lines", {{"service", "web"}})->value == 7);
    CHECK(std::chrono::abs(after.counter("lines", {{"service", "web"}})->created - since) < 1us);
    CHECK(after.counter("lines", {{"service", "other"}})->value == 0);
    CHECK(after.known("took") == std::vector<Labels>{{{"route", "/"}}});
    CHECK(after.times("took", {{"route", "/"}}, two)->times.counts() == std::vector<std::uint64_t>{0, 1, 0});

    // With other bounds, of another version, it begins anew.
    Counters other;
    other.restore(before.stored());
    constexpr std::array<base::Duration, 2> others{20ms, 1s};
    CHECK(other.times("took", {{"route", "/"}}, others)->times.count() == 0);
}

TEST_CASE("a series that was dropped begins anew, and who still counts in it does no harm", "[model][metrics]")
{
    Counters counters;
    const auto old = counters.counter("lines", {{"service", "web"}});
    old->value = 7;
    counters.drop("lines", [](const Labels& labels) { return labels.front().second == "web"; });
    ++old->value;
    CHECK(counters.known("lines").empty());
    CHECK(counters.counter("lines", {{"service", "web"}})->value == 0);
}
