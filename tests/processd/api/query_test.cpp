// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/query.h"

#include <catch2/catch.hpp>

using namespace processd::api;
using namespace std::chrono_literals;

namespace {

struct Asked {
    Request request;
    Query query{request};
    explicit Asked(const std::string& text)
    {
        request.target = "/?" + text;
        REQUIRE(split_target(request));
    }
    [[nodiscard]] bool complains_of(const std::string& key) const
    {
        return query.problem() && query.problem()->status == 400 &&
               query.problem()->body.find("\"key\":\"" + key + "\"") != std::string::npos;
    }
};

const base::WallTime now = base::wall_from_ns(1'800'000'000'000'000'000);

} // namespace

TEST_CASE("query parameters that are absent are not given, and no problem", "[api][query]")
{
    Asked asked("");
    CHECK_FALSE(asked.query.text("name"));
    CHECK_FALSE(asked.query.wait());
    CHECK_FALSE(asked.query.token("after"));
    CHECK_FALSE(asked.query.time("since", now));
    CHECK(asked.query.number("limit", 1, 1000, 100) == 100);
    CHECK_FALSE(asked.query.flag("follow"));
    CHECK_FALSE(asked.query.problem());
}

TEST_CASE("query parameters are read in their forms", "[api][query]")
{
    Asked asked("name=web&wait=90s&after=17.42&since=2h&at=2027-01-15T08:00:00Z&limit=1000&follow=1");
    CHECK(asked.query.text("name") == "web");
    CHECK(asked.query.wait() == 90s);
    CHECK(asked.query.token("after") == processd::output::Token{17, 42});
    CHECK(asked.query.time("since", now) == now - 2h);
    CHECK(asked.query.time("at", now) == now);
    CHECK(asked.query.number("limit", 1, 1000, 100) == 1000);
    CHECK(asked.query.flag("follow"));
    CHECK_FALSE(asked.query.problem());
}

TEST_CASE("a duration longer than time itself means from the beginning", "[api][query]")
{
    Asked asked("since=100000d");
    CHECK(asked.query.time("since", now) == base::WallTime{});
    CHECK_FALSE(asked.query.problem());
}

TEST_CASE("a wrong query value is a problem that names its key", "[api][query]")
{
    for (const char* wrong : {"wait=30", "wait=", "wait=2h", "wait=-1s", "wait=99999999999999999999s"}) {
        Asked asked(wrong);
        (void)asked.query.wait();
        INFO(wrong);
        CHECK(asked.complains_of("wait"));
    }
    for (const char* wrong :
         {"limit=0", "limit=1001", "limit=-1", "limit=10x", "limit=", "limit=0x10", "limit=%31%30 "}) {
        Asked asked(wrong);
        CHECK(asked.query.number("limit", 1, 1000, 100) == 100);
        INFO(wrong);
        CHECK(asked.complains_of("limit"));
    }
    for (const char* wrong :
         {"after=", "after=1", "after=1.", "after=.1", "after=a.b", "after=1.2.3", "after=99999999999999999999.1"}) {
        Asked asked(wrong);
        CHECK_FALSE(asked.query.token("after"));
        INFO(wrong);
        CHECK(asked.complains_of("after"));
    }
    for (const char* wrong : {"since=yesterday", "since=2027-01-15", "since=2027-01-15T08:00:00", "since=5"}) {
        Asked asked(wrong);
        CHECK_FALSE(asked.query.time("since", now));
        INFO(wrong);
        CHECK(asked.complains_of("since"));
    }
    Asked follow("follow=yes");
    (void)follow.query.flag("follow");
    CHECK(follow.complains_of("follow"));
    Asked name("name=");
    (void)name.query.text("name");
    CHECK(name.complains_of("name"));
}

TEST_CASE("the first wrong value is the one that is told", "[api][query]")
{
    Asked asked("wait=x&limit=y");
    (void)asked.query.wait();
    (void)asked.query.number("limit", 1, 1000, 100);
    CHECK(asked.complains_of("wait"));
}
