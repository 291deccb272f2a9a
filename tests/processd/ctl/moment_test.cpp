// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/moment.h"

#include "helpers/base/wall_time.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <vector>

using namespace processd::ctl;

namespace {

class TimeZone {
public:
    explicit TimeZone(const char* zone)
    {
        ::setenv("TZ", zone, 1);
        ::tzset();
    }
    ~TimeZone()
    {
        ::unsetenv("TZ");
        ::tzset();
    }
    TimeZone(const TimeZone&) = delete;
    TimeZone& operator=(const TimeZone&) = delete;
};

constexpr const char* berlin = "CET-1CEST,M3.5.0,M10.5.0/3";

} // namespace

TEST_CASE("a point in time may be local and short", "[ctl][moment]")
{
    const TimeZone zone(berlin);
    const auto now = base::parse_wall_time("2026-11-22T12:30:00Z").value(); // 13:30 there
    struct Row {
        const char* text;
        const char* meant;
    };
    for (const auto& row : std::vector<Row>{{"90m", "90m"},
                                            {"2026-11-22T13:18:05Z", "2026-11-22T13:18:05Z"},
                                            {"2026-11-22T13:18:05+01:00", "2026-11-22T13:18:05+01:00"},
                                            {"13:18", "2026-11-22T12:18:00.000000Z"},
                                            {"13:30:00", "2026-11-22T12:30:00.000000Z"},
                                            {"23:50", "2026-11-21T22:50:00.000000Z"},
                                            {"00:10:07", "2026-11-21T23:10:07.000000Z"},
                                            {"2026-07-01", "2026-06-30T22:00:00.000000Z"},
                                            {"2026-07-01 12:00", "2026-07-01T10:00:00.000000Z"},
                                            {"2026-11-01T12:00:30", "2026-11-01T11:00:30.000000Z"}}) {
        CAPTURE(row.text);
        CHECK(moment_for_api(row.text, now).value_or("") == row.meant);
    }
    for (const char* bad : {"", "yesterday", "25:00", "13:18 ", "13:18h", "2026-11-22 25:00", "2026-13-01", "13"}) {
        CAPTURE(bad);
        const auto moment = moment_for_api(bad, now);
        REQUIRE_FALSE(moment);
        CHECK(moment.error().message().find("like 13:18, \"2026-11-22 13:18:05\" or 2026") != std::string::npos);
    }
}

TEST_CASE("times in sentences are those of the reader", "[ctl][moment]")
{
    const TimeZone zone(berlin);
    const auto now = base::parse_wall_time("2026-11-22T12:30:00Z").value();
    CHECK(with_local_times("web is ready since 2026-11-22T12:00:01Z, 30m ago", now) ==
          "web is ready since 13:00:01, 30m ago");
    CHECK(with_local_times("2026-11-20T23:00:01Z", now) == "2026-11-21 00:00:01");
    CHECK(with_local_times("at 2026-11-2", now) == "at 2026-11-2");
    CHECK(with_local_times("", now).empty());
}
