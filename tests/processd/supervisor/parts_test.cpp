// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/changes.h"
#include "processd/supervisor/event.h"
#include "processd/supervisor/ulid.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

using namespace processd::supervisor;

TEST_CASE("ids made in one millisecond are different and grow", "[supervisor][ulid]")
{
    const auto now = base::wall_now();
    std::string before;
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto id = make_ulid(now);
        REQUIRE(id.size() == 26);
        CHECK(is_id(id));
        CHECK(before < id);
        before = id;
        seen.insert(id);
    }
    CHECK(seen.size() == 1000);
    CHECK(before < make_ulid(now + std::chrono::milliseconds{1}));
    CHECK(before < make_ulid(now - std::chrono::hours{1})); // the clock was set back
}

TEST_CASE("an id is letters, digits and a few marks", "[supervisor][ulid]")
{
    for (const auto* good : {"a", "A.b_c:d-9", "0"}) CHECK(is_id(good));
    for (const auto* bad : {"", ".a", "-a", "a b", "a/b", "\xc3\xa4", "a\n"}) CHECK_FALSE(is_id(bad));
    CHECK(is_id(std::string(128, 'x')));
    CHECK_FALSE(is_id(std::string(129, 'x')));
}

TEST_CASE("subscribers may come and go while they are told", "[supervisor][event]")
{
    Event<int> event;
    std::vector<std::string> heard;
    Subscription first, second, third;
    first = event.subscribe([&](int) {
        heard.push_back("first");
        first.reset();
        second.reset();
        third = event.subscribe([&](int) { heard.push_back("third"); });
    });
    second = event.subscribe([&](int) { heard.push_back("second"); });
    event.tell(1);
    CHECK(heard == std::vector<std::string>{"first"});
    event.tell(2);
    CHECK(heard == std::vector<std::string>{"first", "third"});
}

TEST_CASE("a subscription may outlive its event", "[supervisor][event]")
{
    Subscription left;
    {
        Event<> event;
        left = event.subscribe([] {});
    }
    left.reset();
    SUCCEED();
}

TEST_CASE("changes are only made while somebody follows", "[supervisor][changes]")
{
    Changes changes(5, 100);
    int made = 0;
    const auto object = [&] {
        ++made;
        return nlohmann::json{{"name", "web"}};
    };
    changes.add("service", object);
    CHECK(made == 0);
    CHECK(changes.newest().seq == 101);
    const auto reader = changes.attend();
    const auto from = changes.newest().seq;
    changes.add("service", object);
    CHECK(made == 1);
    const auto lines = changes.read(from, 1U << 20U);
    REQUIRE(lines);
    REQUIRE(lines->size() == 1);
    const auto line = nlohmann::json::parse(lines->front().text);
    CHECK(line == nlohmann::json{{"type", "service"}, {"seq", "5.102"}, {"service", {{"name", "web"}}}});
}

TEST_CASE("a reader too far behind is told so", "[supervisor][changes]")
{
    Changes changes(5, 0, 1000);
    const auto reader = changes.attend();
    for (int i = 0; i < 100; ++i) changes.add("run", [] { return nlohmann::json(std::string(50, 'x')); });
    CHECK_FALSE(changes.read(0, 1000));
    CHECK_FALSE(changes.read(1000, 1000)); // of a future that this manager does not know
    const auto rest = changes.read(99, 1000);
    REQUIRE(rest);
    CHECK(rest->size() == 1);
    CHECK(changes.read(100, 1000)->empty());
}
