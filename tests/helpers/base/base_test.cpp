// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/duration.h"
#include "helpers/base/log.h"
#include "helpers/base/wall_time.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

TEST_CASE("a duration needs a number and a unit", "[base][duration]")
{
    CHECK(base::parse_duration("1500ms").value() == 1500ms);
    CHECK(base::parse_duration("30s").value() == 30s);
    CHECK(base::parse_duration("5m").value() == 5min);
    CHECK(base::parse_duration("2h").value() == 2h);
    CHECK(base::parse_duration("1d").value() == 24h);
    for (const auto* bad : {"", "5", "s", "-1s", "1.5s", "5 s", "5sec", "99999999999999d", "9223372036854775808ms"}) {
        CAPTURE(bad);
        const auto parsed = base::parse_duration(bad);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == base::Errc::bad_input);
    }
}

TEST_CASE("a duration is written in its largest exact unit", "[base][duration]")
{
    CHECK(base::format_duration(0ms) == "0s");
    CHECK(base::format_duration(1500ms) == "1500ms");
    CHECK(base::format_duration(90s) == "90s");
    CHECK(base::format_duration(1min) == "1m");
    CHECK(base::format_duration(48h) == "2d");
}

TEST_CASE("wall time reads and writes RFC 3339 in UTC", "[base][time]")
{
    const std::string text = "2026-11-22T16:43:09.123456Z";
    CHECK(base::format_wall_time(base::parse_wall_time(text).value()) == text);
    CHECK(base::format_wall_time(base::WallTime{}) == "1970-01-01T00:00:00.000000Z");
    for (const char* const far : {"1677-12-31T23:59:59Z", "2262-01-01T00:00:00Z", "9999-12-31T23:59:59Z"})
        CHECK_FALSE(base::parse_wall_time(far)); // found by fuzzing: it overflowed
    CHECK(base::parse_wall_time("2261-12-31T23:59:60.999999999Z"));
    CHECK(base::parse_wall_time("1678-01-01T00:00:00Z"));
    CHECK(base::parse_wall_time("2026-11-22T16:43:09Z").value() ==
          base::parse_wall_time("2026-11-22T16:43:09.000Z").value());
    CHECK(base::format_wall_time(base::parse_wall_time("2026-11-22T16:43:09.5+01:30").value()) ==
          "2026-11-22T15:13:09.500000Z");
    CHECK(base::format_wall_time(base::parse_wall_time("2026-11-22T23:43:09-01:00").value()) ==
          "2026-11-23T00:43:09.000000Z");
    CHECK(base::parse_wall_time("2261-12-31T23:59:60-23:59"));
    CHECK(base::parse_wall_time("1678-01-01T00:00:00+23:59"));
    for (const auto* bad : {"", "Z", "2026-11-22", "2026-02-30T00:00:00Z", "2026-11-22T24:00:00Z",
                            "2026-11-22T16:43:09", "2026-11-22T16:43:09+0100", "2026-11-22T16:43:09+01:60",
                            "2026-11-22T16:43:09+24:00", "+01:00", "2026-11-22T16:43:09+1:000",
                            "2026-11-22T16:43:09Z+01:00", "2026-11-22T16:43:09.Z", "2026-11-22T16:43:09.1234567890Z"}) {
        CAPTURE(bad);
        CHECK_FALSE(base::parse_wall_time(bad));
    }
}

TEST_CASE("a log line quotes what would break it", "[base][log]")
{
    namespace log = base::log;
    CHECK(log::format(log::Level::info, "run ended", {{"service", "web"}, {"signal", 9}}) ==
          "info: run ended service=web signal=9");
    CHECK(log::format(log::Level::error, "odd", {{"a", ""}, {"b", "x y"}, {"c", "1\n2\x01\""}, {"d", true}}) ==
          "error: odd a=\"\" b=\"x y\" c=\"1\\n2\\x01\\\"\" d=true");
}

TEST_CASE("an error says what was tried and why it failed", "[base][result]")
{
    const base::Result<int> failed = base::fail(ENOENT, "open /x");
    CHECK(failed.error().message() == "open /x: No such file or directory");
    const base::Result<int> wrapped = base::wrap("load", failed.error());
    CHECK(wrapped.error().message() == "load: open /x: No such file or directory");
    const base::Result<int> ours = base::fail(base::Errc::conflict, "the service is stopping");
    CHECK(ours.error().message() == "the service is stopping");
}
