// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/mutex-helpers/schedule/witness.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

TEST_CASE("the witness sees two holders at once", "[mutex][schedule]")
{
    const base::Time t{100s};
    using List = std::vector<schedule::Holding>;
    CHECK(schedule::find_overlap({}).empty());
    CHECK(schedule::find_overlap(List{{1, t, t + 2s}, {2, t + 2s, t + 3s}, {3, t + 4s, {}}}).empty());
    CHECK_FALSE(schedule::find_overlap(List{{1, t, t + 2s}, {2, t + 1s, t + 3s}}).empty());
    CHECK_FALSE(schedule::find_overlap(List{{2, t + 1s, t + 3s}, {1, t, t + 2s}}).empty());
    CHECK_FALSE(schedule::find_overlap(List{{1, t, t + 9s}, {2, t + 1s, t + 2s}}).empty());
    CHECK_FALSE(
        schedule::find_overlap(List{{1, t, t + 9s}, {2, t + 10s, t + 11s}, {3, t + 10s, t + 10s + 1ms}}).empty());
    CHECK_FALSE(schedule::find_overlap(List{{1, t, {}}, {2, t + 1h, t + 2h}}).empty());
}

TEST_CASE("the witness ends what has begun", "[mutex][schedule]")
{
    const base::Time t{100s};
    schedule::Witness witness;
    witness.begin(1, t);
    witness.end(2, t + 1s);
    CHECK_FALSE(witness.holdings()[0].until);
    witness.end(1, t + 2s);
    witness.end(1, t + 3s);
    CHECK(witness.holdings()[0].until == t + 2s);
}
