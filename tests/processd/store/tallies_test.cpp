// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/store.h"
#include "tests/processd/store/support.h"

#include <catch2/catch.hpp>

using namespace processd;
using namespace processd::store;
using test::record;

namespace {

const base::WallTime now = test::at_second(100);

Store open_store(const std::string& path)
{
    auto store = Store::open(path, {model::Sync::interval, {}});
    REQUIRE(store.has_value());
    return *std::move(store);
}

model::RunRecord of_service(std::uint64_t number, const std::string& name)
{
    auto r = record(number);
    r.kind = model::RunKind::service;
    r.name = name;
    return r;
}

std::uint64_t counted(const model::RunTally& tally, model::RunKind kind)
{
    const auto at = tally.kinds.find(kind);
    return at == tally.kinds.end() ? 0 : at->second.outcomes[0];
}
std::uint64_t adhoc(Store& store) { return counted(store.records().tally(), model::RunKind::adhoc); }

} // namespace

TEST_CASE("a run is counted when its record is committed, once", "[store][metrics]")
{
    test::TemporaryDirectory tmp;
    {
        auto store = open_store(tmp.path());
        auto open = record(1);
        open.state = model::RunState::running;
        open.outcome.reset();
        REQUIRE(store.records().put(open).has_value());
        store.records().flush(now);
        CHECK(adhoc(store) == 0);
        REQUIRE(store.records().put(record(1)).has_value());
        CHECK(adhoc(store) == 0);
        store.records().flush(now);
        CHECK(adhoc(store) == 1);
        REQUIRE(store.records().put(record(2)).has_value()); // and lost with the manager
    }
    auto store = open_store(tmp.path());
    CHECK(store.records().size() == 1);
    CHECK(store.records().next_number() == 2); // what is counted is no record
    CHECK(adhoc(store) == 1);
    CHECK(store.records().tally().kinds.at(model::RunKind::adhoc).created == now);
    for (std::uint64_t n = 2; n <= 2 * group_size + 2; ++n) REQUIRE(store.records().put(record(n)).has_value());
    store.records().flush(now);
    CHECK(adhoc(store) == 2 * group_size + 2);
}

TEST_CASE("of a name that is not kept nothing is left", "[store][metrics]")
{
    test::TemporaryDirectory tmp;
    {
        auto store = open_store(tmp.path());
        REQUIRE(store.records().put(of_service(1, "ab")).has_value()); // the key of a record has 8 bytes
        REQUIRE(store.records().put(of_service(2, "gone")).has_value());
        REQUIRE(store.records().put(record(3)).has_value());
        store.records().flush(now);
        CHECK(store.records().tally().names.size() == 3);
        store.records().keep_tallies_of({"ab"});
        CHECK(store.records().tally().names.size() == 2);
        REQUIRE(store.records().put(of_service(4, "ab")).has_value());
        store.records().flush(now);
    }
    auto store = open_store(tmp.path());
    const auto& tally = store.records().tally();
    CHECK(tally.names.size() == 2);
    CHECK(tally.names.at("ab").kinds.at(model::RunKind::service).duration.count() == 2);
    CHECK(counted(tally, model::RunKind::service) == 3); // by kind all count
    CHECK(store.records().size() == 4);
}
