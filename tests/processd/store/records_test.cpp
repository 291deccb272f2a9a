// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/store.h"
#include "tests/processd/store/support.h"

#include <catch2/catch.hpp>

using namespace processd;
using namespace processd::store;
using test::record;
using Numbers = std::vector<std::uint64_t>;

namespace {

constexpr std::int64_t second_now = 100;
const base::WallTime now = test::at_second(second_now);

Store open_store(const std::string& path, const Retention& retention = {})
{
    auto store = Store::open(path, {model::Sync::interval, retention});
    REQUIRE(store.has_value());
    return *std::move(store);
}

void put_all(Records& records, std::uint64_t from, std::uint64_t to)
{
    for (auto n = from; n <= to; ++n) REQUIRE(records.put(record(n)).has_value());
}

Numbers numbers(const Page& page)
{
    Numbers all;
    for (const auto& r : page.runs) all.push_back(r.number);
    return all;
}

} // namespace

TEST_CASE("a committed record is there after the store is opened again, a queued one is not", "[store][records]")
{
    test::TemporaryDirectory tmp;
    {
        auto store = open_store(tmp.path());
        put_all(store.records(), 1, 3);
        CHECK(store.records().pending() == 3);
        const auto flushed = store.records().flush(now);
        CHECK(flushed.committed == Numbers{1, 2, 3});
        CHECK(!flushed.error);
        CHECK(store.records().pending() == 0);
        put_all(store.records(), 4, 4);
        CHECK(store.records().get(4)->id == "01TEST4"); // found though not yet written
    }
    auto store = open_store(tmp.path());
    CHECK(store.records().size() == 3);
    CHECK(*store.records().get(2) == record(2));
    CHECK(*store.records().get("01TEST3") == record(3));
    CHECK(store.records().get(4).error().code == base::Errc::not_found);
    CHECK(store.records().get("01TEST4").error().code == base::Errc::not_found);
    CHECK(store.records().next_number() == 4);
    CHECK(store.records().next_number() == 5);
}

TEST_CASE("records wait for their group, and a flush commits all of them", "[store][records]")
{
    test::TemporaryDirectory tmp;
    auto store = open_store(tmp.path());
    auto& records = store.records();
    put_all(records, 1, group_size - 1);
    CHECK(!records.group_full());
    put_all(records, group_size, group_size);
    CHECK(records.group_full());
    put_all(records, group_size + 1, 3 * group_size);
    const auto before = records.commits();
    CHECK(records.flush(now).committed.size() == 3 * group_size);
    CHECK(records.commits() == before + 3);
    CHECK(records.flush(now).committed.empty());
    CHECK(records.commits() == before + 3); // nothing to do writes nothing
}

TEST_CASE("a record put again before its commit is written once, as it is now", "[store][records]")
{
    test::TemporaryDirectory tmp;
    auto store = open_store(tmp.path());
    auto r = record(1);
    r.state = model::RunState::running;
    r.outcome.reset();
    REQUIRE(store.records().put(r).has_value());
    CHECK(store.records().open_records()->size() == 1);
    REQUIRE(store.records().put(record(1)).has_value());
    CHECK(store.records().pending() == 1);
    CHECK(store.records().flush(now).committed == Numbers{1});
    CHECK(store.records().open_records()->empty());
    CHECK(*store.records().get(1) == record(1));
}

TEST_CASE("open records are listed after a restart, oldest first", "[store][records]")
{
    test::TemporaryDirectory tmp;
    {
        auto store = open_store(tmp.path());
        for (std::uint64_t n = 1; n <= 4; ++n) {
            auto r = record(n);
            if (n % 2 == 0) {
                r.state = model::RunState::running;
                r.outcome.reset();
            }
            REQUIRE(store.records().put(r).has_value());
        }
        REQUIRE(!store.records().flush(now).error);
    }
    auto store = open_store(tmp.path());
    const auto open = store.records().open_records();
    REQUIRE(open.has_value());
    REQUIRE(open->size() == 2);
    CHECK(open->at(0).number == 2);
    CHECK(open->at(1).number == 4);
}

TEST_CASE("lists are paged newest first and carry no tails", "[store][records]")
{
    test::TemporaryDirectory tmp;
    auto store = open_store(tmp.path());
    auto& records = store.records();
    for (std::uint64_t n = 1; n <= 7; ++n) {
        auto r = record(n);
        r.tail = {{"stdout", r.started, "text", false}};
        REQUIRE(records.put(r).has_value());
    }
    REQUIRE(!records.flush(now).error);
    put_all(records, 8, 9); // still queued
    const auto first = records.query({}, "", 4);
    REQUIRE(first.has_value());
    CHECK(numbers(*first) == Numbers{9, 8, 7, 6});
    CHECK(first->runs[2].tail.empty());
    REQUIRE(first->next);
    const auto second = records.query({}, *first->next, 4);
    CHECK(numbers(*second) == Numbers{5, 4, 3, 2});
    const auto third = records.query({}, *second->next, 4);
    CHECK(numbers(*third) == Numbers{1});
    CHECK(!third->next);
    CHECK(!records.query({}, "", 9)->next); // exactly all of them: there is no next page
    CHECK(records.get(7)->tail.size() == 1);

    for (const char* bad : {"x", "1x", "-1", "0", " 1", "99999999999999999999999"})
        CHECK(records.query({}, bad, 4).error().code == base::Errc::bad_input);
    CHECK(records.query({}, "1000000", 1)->runs.at(0).number == 9);
}

TEST_CASE("a page holds at most 1000 records", "[store][records]")
{
    test::TemporaryDirectory tmp;
    auto store = open_store(tmp.path());
    put_all(store.records(), 1, 1002);
    REQUIRE(!store.records().flush(now).error);
    CHECK(store.records().query({}, "", 5000)->runs.size() == max_page);
    CHECK(store.records().query({}, "", 0)->runs.size() == 1);
}

TEST_CASE("the count of records is bounded, and the oldest ended ones go", "[store][records]")
{
    test::TemporaryDirectory tmp;
    {
        auto store = open_store(tmp.path(), {100, {}, 1U << 30U});
        auto r = record(1);
        r.state = model::RunState::running;
        REQUIRE(store.records().put(r).has_value());
        put_all(store.records(), 2, 500);
        REQUIRE(!store.records().flush(now).error);
        CHECK(store.records().size() == 100);
        CHECK(store.records().get(1).has_value());
        CHECK(store.records().get(401).error().code == base::Errc::not_found);
        CHECK(store.records().get(402).has_value());
        store.set_options({model::Sync::interval, {10, {}, 1U << 30U}});
        REQUIRE(!store.records().flush(now).error);
        CHECK(store.records().size() == 10);
    }
    CHECK(open_store(tmp.path()).records().size() == 10); // gone from the file as well
}

TEST_CASE("records older than the configured age go with the next flush", "[store][records]")
{
    test::TemporaryDirectory tmp;
    auto store = open_store(tmp.path(), {100, std::chrono::minutes{1}, 1U << 30U});
    put_all(store.records(), 1, 10);
    REQUIRE(!store.records().flush(test::at_second(30)).error);
    CHECK(store.records().size() == 10);
    REQUIRE(!store.records().flush(test::at_second(65)).error);
    CHECK(store.records().get(4).error().code == base::Errc::not_found);
    CHECK(store.records().get(5).has_value());
    REQUIRE(!store.records().flush(test::at_second(100'000)).error);
    CHECK(store.records().size() == 1); // the newest stays: numbers never start again
}

TEST_CASE("a client's id is known as long as the record and at least 24 hours", "[store][records]")
{
    test::TemporaryDirectory tmp;
    constexpr std::int64_t day = 24 * 3600;
    {
        auto store = open_store(tmp.path(), {2, {}, 1U << 30U});
        auto r = record(1);
        r.id = "event-1";
        r.fingerprint = 77;
        REQUIRE(store.records().put(r).has_value());
        CHECK(store.records().find("event-1")->fingerprint == 77);
        put_all(store.records(), 2, 5);
        REQUIRE(!store.records().flush(now).error);
        REQUIRE(!store.records().flush(now).error);
        CHECK(store.records().size() == 2);
        CHECK(store.records().get("event-1").error().code == base::Errc::not_found);
    }
    auto store = open_store(tmp.path(), {2, {}, 1U << 30U});
    const auto known = store.records().find("event-1");
    REQUIRE(known);
    CHECK(known->number == 1);
    CHECK(known->fingerprint == 77);
    CHECK(known->expired);
    CHECK(!store.records().find("01TEST2")); // the server's own ids are not asked for again
    CHECK(!store.records().find("event-2"));
    REQUIRE(!store.records().flush(test::at_second(day)).error);
    CHECK(store.records().find("event-1"));
    REQUIRE(!store.records().flush(test::at_second(day + 2)).error);
    CHECK(!store.records().find("event-1"));
    CHECK(store.records().get(5).has_value());
}

TEST_CASE("a record without id or number is refused", "[store][records]")
{
    test::TemporaryDirectory tmp;
    auto store = open_store(tmp.path());
    auto r = record(1);
    r.id.clear();
    CHECK(store.records().put(r).error().code == base::Errc::bad_input);
    CHECK(store.records().put(record(0)).error().code == base::Errc::bad_input);
    CHECK(store.records().pending() == 0);
}

TEST_CASE("numbers that others have given are not given again", "[store][records]")
{
    test::TemporaryDirectory tmp;
    auto store = open_store(tmp.path());
    CHECK(store.records().next_number() == 1);
    put_all(store.records(), 50, 50);
    CHECK(store.records().next_number() == 51);
    put_all(store.records(), 20, 20); // taken up late from the keeper
    CHECK(store.records().next_number() == 52);
    REQUIRE(!store.records().flush(now).error);
    CHECK(numbers(*store.records().query({}, "", 10)) == Numbers{50, 20});
}
