// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/nodes/cluster.h"

#include <catch2/catch.hpp>

using namespace nodes;

namespace {

const std::string head =
    "|Node|IP|Disconnected|Unknown|Banned|Disabled|Unhealthy|Stopped|Inactive|PartiallyOnline|ThisNode|\n";

}

TEST_CASE("ctdb's status is read", "[nodes][cluster]")
{
    const auto members = parse_status(head + "|0|127.0.0.1|0|0|0|0|0|0|0|0|Y|\n|2|fd00::2|1|0|0|0|1|0|1|0|N|\n");
    CHECK(members.value() == Members{{0, "127.0.0.1", true, true}, {2, "fd00::2", false, false}});
}

TEST_CASE("a status of another form is refused", "[nodes][cluster]")
{
    for (const auto& text : {std::string(), head, head + "|\n", head + "|x|127.0.0.1|0|Y|\n", head + "|0|x|0|Y|\n",
                             std::string("|0|127.0.0.1|0|0|0|0|0|0|0|0|Y|\n"),
                             std::string("|Node|Address|Up|ThisNode|\n|0|127.0.0.1|0|Y|\n")})
        CHECK_FALSE(parse_status(text).has_value());
}

TEST_CASE("numbers are read", "[nodes][cluster]")
{
    CHECK(parse_number("3\n").value() == 3);
    for (const auto* text : {"", "UNKNOWN\n", "-1\n", "4294967295\n", "3 4\n"})
        CHECK_FALSE(parse_number(text).has_value());
}

TEST_CASE("the first difference between list and cluster is told", "[nodes][cluster]")
{
    const List list{{"10.0.0.1", false, false}, {"10.0.0.2", true, false}, {"10.0.0.3", false, false}};
    const Member one{0, "10.0.0.1", true, true}, three{2, "10.0.0.3", false, false};
    CHECK(difference(list, {one, three}).empty());
    CHECK(difference(list, {one}) == "it does not know node 2 (10.0.0.3)");
    CHECK(difference(list, {one, {1, "10.0.0.2", true, false}, three}) == "it still has node 1 (10.0.0.2)");
    CHECK(difference(list, {one, {2, "10.0.0.4", true, false}}) == "it takes 10.0.0.4 for node 2 (10.0.0.3)");
    CHECK(difference(list, {one, three, {3, "10.0.0.4", true, false}}) ==
          "it has node 3 (10.0.0.4), which is not in the list");
}
