// SPDX-License-Identifier: GPL-3.0-or-later
// What a damaged, foreign or half-made file in the state directory leads to.
#include "processd/store/db.h"
#include "processd/store/record_text.h"
#include "processd/store/store.h"
#include "tests/processd/store/support.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd;
using namespace processd::store;

namespace {

std::vector<std::string> set_aside(const std::string& directory, const std::string& stem)
{
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{directory})
        if (entry.path().filename().string().starts_with(stem + ".corrupt-")) names.push_back(entry.path());
    return names;
}

void fill(const std::string& path, std::uint64_t count)
{
    auto store = Store::open(path, {});
    REQUIRE(store.has_value());
    for (std::uint64_t n = 1; n <= count; ++n) REQUIRE(store->records().put(test::record(n)).has_value());
    REQUIRE(!store->records().flush(test::at_second(1)).error);
    REQUIRE(store->state().put_now("a", 1).has_value());
}

} // namespace

TEST_CASE("a foreign file is set aside unchanged and a fresh one begun", "[store][damage]")
{
    for (const char* name : {"runs.tdb", "state.tdb"}) {
        test::TemporaryDirectory tmp;
        const std::string text = "this is somebody's shopping list\n";
        test::write_file(tmp / name, text);
        auto store = Store::open(tmp.path(), {});
        REQUIRE(store.has_value());
        CHECK(store->records().size() == 0);
        REQUIRE(store->state().put_now("a", 1).has_value());
        const auto kept = set_aside(tmp.path(), name);
        REQUIRE(kept.size() == 1);
        CHECK(test::read_file(kept[0]) == text);
    }
}

TEST_CASE("a file of which only the beginning is left is set aside", "[store][damage]")
{
    for (const std::size_t left : {9U, 40U, 200U, 5000U, 60'000U}) {
        test::TemporaryDirectory tmp;
        fill(tmp.path(), 50);
        std::filesystem::resize_file(tmp / "runs.tdb", left);
        auto store = Store::open(tmp.path(), {});
        REQUIRE(store.has_value());
        CHECK(store->records().size() == 0);
        CHECK(set_aside(tmp.path(), "runs.tdb").size() == 1);
        CHECK(store->state().get("a").has_value()); // the other file is not concerned
    }
}

TEST_CASE("a file with its middle overwritten never harms the daemon", "[store][damage]")
{
    test::TemporaryDirectory tmp;
    fill(tmp.path(), 200);
    const auto good = test::read_file(tmp / "runs.tdb");
    for (std::size_t at = 168; at + 4096 < good.size(); at += good.size() / 20) {
        auto bad = good;
        for (std::size_t i = 0; i < 4096; ++i) bad[at + i] = static_cast<char>(i * 37 + at);
        test::write_file(tmp / "runs.tdb", bad);
        auto store = Store::open(tmp.path(), {});
        CAPTURE(at, store ? "" : store.error().message());
        REQUIRE(store.has_value());
        REQUIRE(store->records().put(test::record(1000)).has_value());
        REQUIRE(store->records().query({}, "", 1000).has_value());
    }
}

TEST_CASE("a file last written under another boot is checked as a whole", "[store][damage]")
{
    test::TemporaryDirectory tmp;
    fill(tmp.path(), 200);
    {
        auto db = Db::open(tmp / "runs.tdb", 0, false);
        REQUIRE(db.has_value());
        REQUIRE(db->transact([&] { return db->put(std::string_view{"\0boot", 5}, "another boot"); }).has_value());
    }
    {
        auto store = Store::open(tmp.path(), {});
        REQUIRE(store.has_value());
        CHECK(store->records().size() == 200); // sound: nothing lost
    }
    CHECK(set_aside(tmp.path(), "runs.tdb").empty());
}

TEST_CASE("an empty file, as a crash while it was made leaves it, is begun afresh without a word", "[store][damage]")
{
    test::TemporaryDirectory tmp;
    test::write_file(tmp / "runs.tdb", "");
    test::write_file(tmp / "state.tdb.new", "TDB fi");
    CHECK(Store::open(tmp.path(), {}).has_value());
    CHECK(set_aside(tmp.path(), "runs.tdb").empty());
    CHECK(!std::filesystem::exists(tmp / "state.tdb.new"));
}

TEST_CASE("a directory in the place of a file is set aside", "[store][damage]")
{
    test::TemporaryDirectory tmp;
    std::filesystem::create_directory(tmp / "state.tdb");
    CHECK(Store::open(tmp.path(), {}).has_value());
    CHECK(set_aside(tmp.path(), "state.tdb").size() == 1);
}

TEST_CASE("records of an unknown version are left alone and their numbers not given again", "[store][damage]")
{
    test::TemporaryDirectory tmp;
    fill(tmp.path(), 3);
    {
        auto db = Db::open(tmp / "runs.tdb", 0, false);
        REQUIRE(db.has_value());
        REQUIRE(db->transact([&] { return db->put(number_key(9), "R9 something new\n"); }).has_value());
    }
    auto store = Store::open(tmp.path(), {});
    REQUIRE(store.has_value());
    CHECK(store->records().size() == 3);
    CHECK(store->records().next_number() == 10);
    CHECK(set_aside(tmp.path(), "runs.tdb").empty());
}

TEST_CASE("damage that shows in use ends in a fresh file, with what is queued and the state that can be read",
          "[store][damage]")
{
    test::TemporaryDirectory tmp;
    fill(tmp.path(), 50);
    auto store = Store::open(tmp.path(), {});
    REQUIRE(store.has_value());
    for (const char* name : {"runs.tdb", "state.tdb"}) { // the head of the free list, which reading does not need
        std::fstream file{tmp / name, std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(168);
        file.write("\x10\x20\x30\x70", 4);
    }
    const std::string big(300'000, 'x'); // does not fit where something was before
    auto r = test::record(51);
    r.tail = {{"stdout", r.started, big, false}};
    REQUIRE(store->records().put(r).has_value());
    CHECK(store->records().flush(test::at_second(1)).committed == std::vector<std::uint64_t>{51});
    CHECK(store->records().get(51).has_value());
    CHECK(store->records().next_number() == 52);
    CHECK(set_aside(tmp.path(), "runs.tdb").size() == 1);
    // What was counted goes on in the fresh file.
    const auto counted = [](Store& opened) {
        return opened.records().tally().kinds.at(model::RunKind::adhoc).outcomes[0];
    };
    CHECK(counted(*store) == 51);

    REQUIRE(store->state().put_now("b", big).has_value());
    CHECK(store->state().get("a").has_value());
    CHECK(store->state().get("b").has_value());
    CHECK(set_aside(tmp.path(), "state.tdb").size() == 1);
    CHECK(store->dirty());
    store->sync_soon();

    store = base::fail(base::Errc::unavailable, "closed");
    store = Store::open(tmp.path(), {});
    REQUIRE(store.has_value());
    CHECK(counted(*store) == 51);
}
