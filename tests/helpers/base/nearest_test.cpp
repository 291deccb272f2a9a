// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/nearest.h"

#include <catch2/catch.hpp>
#include <string>

using base::nearest;

TEST_CASE("the nearest word is few typing mistakes away or begun alike", "[base][nearest]")
{
    CHECK(nearest("TREM", {"TERM", "TRAP"}) == "TERM"); // a swap is one mistake
    CHECK(nearest("comand", {"command", "commando"}) == "command");
    CHECK(nearest("on_failure", {"always", "on-failure"}) == "on-failure");
    CHECK(nearest("sig", {"timeout", "signal"}) == "signal");
    CHECK(nearest("xy", {"signal", "timeout"}).empty());
    CHECK(nearest("", {"a", "b"}).empty());
    CHECK(nearest("a", std::vector<std::string_view>{}).empty());
    CHECK(nearest(std::string(100'000, 'a'), {"a"}).empty());
}
