// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/overdue.h"

#include <catch2/catch.hpp>

using namespace callout;

TEST_CASE("a notification is overdue when nobody has begun it in time", "[callout]")
{
    CHECK_FALSE(overdue({}, false, {}, 1000));
    CHECK_FALSE(overdue(990, false, {}, 1000)); // ipreallocated may still come
    CHECK(overdue(980, false, {}, 1000));
    CHECK_FALSE(overdue(980, false, 995, 1000)); // somebody has just tried
    CHECK(overdue(980, false, 982, 1000));
    CHECK_FALSE(overdue({}, true, 900, 1000)); // the dead are given a rest
    CHECK(overdue({}, true, 800, 1000));
    CHECK(overdue({}, true, {}, 1000));
    CHECK(overdue({}, true, 5000, 1000)); // the clock was set back
}
