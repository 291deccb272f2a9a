// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/rate_limit.h"

#include <catch2/catch.hpp>

using namespace processd::output;
using namespace std::chrono_literals;

TEST_CASE("so many lines are admitted in each period", "[output][rate_limit]")
{
    RateLimit limit;
    const auto t0 = base::wall_from_ns(1'795'365'789'000'000'000);
    const auto admit = [&](base::Duration at) { return limit.admit(t0 + at, 2, 1s); };
    CHECK(admit(0s));
    CHECK(admit(900ms));
    CHECK(!admit(999ms));
    CHECK(admit(1s)); // the next period
    CHECK(admit(1500ms));
    CHECK(!admit(1999ms));
    CHECK(admit(2200ms)); // a period begins with a line, not with the clock
    CHECK(admit(3100ms));
    CHECK(!admit(3199ms));
    CHECK(admit(3200ms));
    CHECK(admit(-1h)); // the clock was set back
    CHECK(admit(-1h));
    CHECK(!admit(-1h));
}
