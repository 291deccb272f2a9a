// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/refusals.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using processd::api::Refusals;

TEST_CASE("of many refusals of a user one a minute is told, with their number", "[api][refusals]")
{
    Refusals refusals;
    const base::Time t0{1h};
    CHECK(refusals.tell(7, t0) == 0U);
    CHECK_FALSE(refusals.tell(7, t0));
    CHECK_FALSE(refusals.tell(7, t0 + 59s));
    CHECK(refusals.tell(8, t0 + 59s) == 0U);
    CHECK(refusals.tell(7, t0 + 60s) == 2U);
    CHECK_FALSE(refusals.tell(7, t0 + 61s));
    CHECK(refusals.tell(7, t0 + 10min) == 1U);
    CHECK(refusals.tell(7, t0 + 20min) == 0U);
}

TEST_CASE("more users than can be told apart are told together", "[api][refusals]")
{
    Refusals refusals;
    const base::Time t0{1h};
    for (uid_t uid = 0; uid < Refusals::max_users; ++uid) REQUIRE(refusals.tell(uid, t0) == 0U);
    CHECK(refusals.tell(5000, t0) == 0U);
    CHECK_FALSE(refusals.tell(5001, t0));
    CHECK_FALSE(refusals.tell(0, t0));
    CHECK(refusals.tell(5002, t0 + 1min) == 0U); // the others have been silent, and are forgotten
    CHECK(refusals.tell(5003, t0 + 1min) == 0U);
    CHECK(refusals.tell(0, t0 + 1min) == 1U); // what was not told is kept
}
