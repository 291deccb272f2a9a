// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/state.h"
#include "processd/store/store.h"
#include "tests/processd/store/support.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd::store;
using nlohmann::json;

TEST_CASE("state is there after the next start, as last written", "[store][state]")
{
    test::TemporaryDirectory tmp;
    {
        auto store = Store::open(tmp.path(), {});
        REQUIRE(store.has_value());
        auto& state = store->state();
        REQUIRE(state.put_now("service/web", json{{"intent", "stopped"}, {"restarts", 3}}).has_value());
        REQUIRE(state.put_now("service/web", json{{"intent", "started"}}).has_value());
        REQUIRE(state.put_now("service/db", json{{"intent", "started"}}).has_value());
        REQUIRE(state.put_now("operation/1", json{{"kind", "restart"}}).has_value());
        REQUIRE(state.erase("operation/1").has_value());
        REQUIRE(state.erase("operation/none").has_value());
    }
    auto store = Store::open(tmp.path(), {});
    REQUIRE(store.has_value());
    auto& state = store->state();
    CHECK(*state.get("service/web") == json{{"intent", "started"}});
    CHECK(state.get("operation/1").error().code == base::Errc::not_found);
    std::vector<std::string> keys;
    state.for_each("service/", [&](std::string_view key, const json& document) {
        keys.emplace_back(key);
        CHECK(document["intent"] == "started");
        REQUIRE(state.erase(key).has_value()); // visiting may change what is visited
    });
    CHECK(keys == std::vector<std::string>{"service/db", "service/web"});
    state.for_each("", [](std::string_view, const json&) { FAIL("there is nothing left"); });
}

TEST_CASE("several changes of state happen together", "[store][state]")
{
    test::TemporaryDirectory tmp;
    auto store = Store::open(tmp.path(), {});
    REQUIRE(store.has_value());
    auto& state = store->state();
    const auto before = state.commits();
    REQUIRE(state.apply({{"a", "1"}, {"b", "2"}, {"a", std::nullopt}}).has_value());
    CHECK(state.commits() == before + 1);
    CHECK(!state.get("a"));
    CHECK(*state.get("b") == json(2));
}

TEST_CASE("a document that is not JSON is passed over", "[store][state]")
{
    test::TemporaryDirectory tmp;
    auto store = Store::open(tmp.path(), {});
    REQUIRE(store.has_value());
    auto& state = store->state();
    REQUIRE(state.apply({{"bad", "{"}, {"good", "{}"}}).has_value());
    CHECK(state.get("bad").error().code == base::Errc::corrupt);
    int visited = 0;
    state.for_each("", [&](std::string_view key, const json&) {
        ++visited;
        CHECK(key == "good");
    });
    CHECK(visited == 1);
}

TEST_CASE("state text that is not UTF-8 is kept readable", "[store][state]")
{
    test::TemporaryDirectory tmp;
    auto store = Store::open(tmp.path(), {});
    REQUIRE(store.has_value());
    REQUIRE(store->state().put_now("command", json("caf\xe9")).has_value());
    CHECK(*store->state().get("command") == json("caf\xef\xbf\xbd"));
}
