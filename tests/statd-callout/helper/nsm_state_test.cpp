// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/nsm_state.h"

#include <catch2/catch.hpp>

using namespace callout;

TEST_CASE("a state is odd and later than the last, whatever the clock says", "[callout]")
{
    CHECK(next_state({}, 1730000000) == 1730000001);
    CHECK(next_state(1729999999, 1730000000) == 1730000001);
    CHECK(next_state(1730000001, 1730000000) == 1730000003); // twice in a second
    CHECK(next_state(1730000001, 1600000000) == 1730000003); // the clock was set back
    CHECK(next_state(1730000002, 1600000000) == 1730000005); // one that another version made even
    CHECK(next_state(0x7fffffff, 0x80000000LL) == 1);        // 2038
    CHECK(next_state(1, 0x80000010LL) == 17);
    std::optional<std::int32_t> last;
    for (std::int64_t time = 0x7ffffff0LL; time < 0x80000020LL; ++time) {
        const auto next = next_state(last, time);
        CHECK(next % 2 == 1);
        CHECK(next > 0);
        CHECK(next != last);
        last = next;
    }
}
