// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/store.h"
#include "tests/processd/store/support.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd;
using namespace processd::store;

TEST_CASE("the store is dirty after a commit until a sync is asked for", "[store]")
{
    test::TemporaryDirectory tmp;
    auto store = Store::open(tmp.path(), {});
    REQUIRE(store.has_value());
    store->sync_soon();
    CHECK(!store->dirty());
    REQUIRE(store->records().put(test::record(1)).has_value());
    CHECK(!store->dirty()); // queued only
    REQUIRE(!store->records().flush(test::at_second(1)).error);
    CHECK(store->dirty());
    store->sync_soon();
    CHECK(!store->dirty());
    REQUIRE(store->state().put_now("a", 1).has_value());
    CHECK(store->dirty());
    store->set_options({model::Sync::never, {}});
    CHECK(!store->dirty());
}

TEST_CASE("commits that wait for the disk keep records too", "[store]")
{
    test::TemporaryDirectory tmp;
    {
        auto store = Store::open(tmp.path(), {model::Sync::always, {}});
        REQUIRE(store.has_value());
        REQUIRE(store->records().put(test::record(1)).has_value());
        REQUIRE(!store->records().flush(test::at_second(1)).error);
        CHECK(!store->dirty());
        store->set_options({model::Sync::interval, {}});
        REQUIRE(store->records().put(test::record(2)).has_value());
        REQUIRE(!store->records().flush(test::at_second(1)).error);
        CHECK(store->dirty());
        store->sync_soon();
    }
    auto store = Store::open(tmp.path(), {});
    REQUIRE(store.has_value());
    CHECK(store->records().size() == 2);
}

TEST_CASE("syncing goes on beside commits and ends with the store", "[store]")
{
    test::TemporaryDirectory tmp;
    auto opened = Store::open(tmp.path(), {});
    REQUIRE(opened.has_value());
    auto store = *std::move(opened); // the helper thread does not mind that the store moves
    for (std::uint64_t n = 1; n <= 200; ++n) {
        REQUIRE(store.records().put(test::record(n)).has_value());
        REQUIRE(!store.records().flush(test::at_second(1)).error);
        store.sync_soon();
    }
    CHECK(store.records().size() == 200);
}
