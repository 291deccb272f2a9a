// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/ceph/options.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

TEST_CASE("the command line is that of CTDB's helper", "[mutex][ceph]")
{
    using ceph::parse_options;
    const ceph::Options four{"ceph", "client.x", "p", "o", 10s, "", true};
    CHECK(parse_options({"ceph", "client.x", "p", "o"}) == four);
    auto all = four;
    all.duration = 30s;
    all.name_space = "ns";
    all.register_service = false;
    CHECK(parse_options({"ceph", "client.x", "p", "o", "30", "-n", "ns", "-R"}) == all);
    CHECK(parse_options({"-R", "-nns", "ceph", "client.x", "p", "o", "30"}) == all);
    CHECK(parse_options({"ceph", "client.x", "p", "o", "0"})->duration == 0s);
    for (const auto& bad : std::vector<std::vector<std::string>>{{},
                                                                 {"a", "b", "c"},
                                                                 {"a", "b", "c", "d", "e"},
                                                                 {"a", "b", "c", "d", "5", "6"},
                                                                 {"a", "b", "c", "d", "-n"},
                                                                 {"a", "b", "c", "d", "-x"},
                                                                 {"a", "b", "c", "d", "-5"},
                                                                 {"a", "b", "c", "d", "5s"}})
        CHECK_FALSE(parse_options(bad));
}

TEST_CASE("a part of the lock's duration is left to the guard and to clocks", "[mutex][ceph]")
{
    CHECK(ceph::safe_part(10s) == 9s);
    CHECK(ceph::safe_part(2s) == 1500ms);
    CHECK(ceph::safe_part(1s) == 750ms);
}
