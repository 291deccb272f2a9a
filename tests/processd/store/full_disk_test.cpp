// SPDX-License-Identifier: GPL-3.0-or-later
// A state directory on a file system that is full: a tmpfs of this process's own.
#include "processd/store/store.h"
#include "tests/processd/store/support.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd;
using namespace processd::store;

namespace {

// Takes all space that is left.
void fill_up(const std::string& path)
{
    std::ofstream file{path, std::ios::binary};
    const std::string block(4096, 'x');
    while (file << block << std::flush) {}
}

bool small_disk(test::TemporaryDirectory& tmp)
{
    if (tmp.mount_tmpfs("8m")) return true;
    WARN("skipped: mounting a tmpfs is not permitted here");
    return false;
}

} // namespace

TEST_CASE("records queue while the disk is full and are committed when it is not", "[store][full_disk]")
{
    test::TemporaryDirectory tmp;
    if (!small_disk(tmp)) return;
    auto store = Store::open(tmp.path(), {});
    REQUIRE(store.has_value());
    auto& records = store->records();
    auto open = test::record(1); // open records never make room
    open.state = model::RunState::running;
    REQUIRE(records.put(open).has_value());
    REQUIRE(!records.flush(test::at_second(1)).error);
    fill_up(tmp / "filler");

    std::uint64_t n = 1;
    std::vector<std::uint64_t> committed;
    std::optional<base::Error> error;
    const std::string big(20'000, 'y');
    while (!error && n < 1000) {
        auto r = test::record(++n);
        r.tail = {{"stdout", r.started, big, false}};
        r.state = model::RunState::running;
        REQUIRE(records.put(r).has_value());
        auto flushed = records.flush(test::at_second(1));
        committed.insert(committed.end(), flushed.committed.begin(), flushed.committed.end());
        error = flushed.error;
    }
    REQUIRE(error);
    CHECK(error->code == std::errc::no_space_on_device);
    CHECK(error->message().find("runs.tdb") != std::string::npos);
    CHECK(committed.size() == n - 2);
    CHECK(records.pending() == 1);
    CHECK(records.get(n).has_value()); // readers see it all the same

    std::filesystem::remove(tmp / "filler");
    const auto flushed = records.flush(test::at_second(1));
    CHECK((flushed.error ? flushed.error->message() : "") == "");
    CHECK(flushed.committed == std::vector{n});
    CHECK(records.pending() == 0);
}

TEST_CASE("a disk that is full in any step of a commit is not taken for damage, and nothing is lost",
          "[store][full_disk]")
{
    for (std::uint64_t left = 48; left < 4000; left += 130) { // KiB: from just the empty files on
        test::TemporaryDirectory tmp;
        if (!small_disk(tmp)) return;
        test::write_file(tmp / "filler", std::string((8192 - left) * 1024, 'x'));
        auto store = Store::open(tmp.path(), {});
        CAPTURE(left, store ? "" : store.error().message());
        if (!store) {
            CHECK(store.error().code == std::errc::no_space_on_device);
            continue;
        }
        auto& records = store->records();
        std::optional<base::Error> error;
        std::uint64_t n = 0;
        for (std::uint64_t size = 1 + left % 20; !error && n < 5000; n += size) {
            for (std::uint64_t i = n + 1; i <= n + size; ++i) {
                auto r = test::record(i);
                r.state = model::RunState::running; // makes no room
                REQUIRE(records.put(r).has_value());
            }
            error = records.flush(test::at_second(1)).error;
            (void)store->state().put_now("some/" + std::to_string(n), std::string(1000, 's'));
        }
        REQUIRE(error);
        CHECK(error->message().ends_with("No space left on device"));
        std::filesystem::remove(tmp / "filler");
        REQUIRE(!records.flush(test::at_second(1)).error);
        CHECK(records.size() == n);
        for (std::uint64_t i = 1; i <= n; ++i) CHECK(records.get(i).has_value());
        CHECK(std::distance(std::filesystem::directory_iterator{tmp.path()}, {}) == 3); // nothing set aside
    }
}

TEST_CASE("on a full disk old records make room for new ones", "[store][full_disk]")
{
    test::TemporaryDirectory tmp;
    if (!small_disk(tmp)) return;
    auto store = Store::open(tmp.path(), {});
    REQUIRE(store.has_value());
    auto& records = store->records();
    for (std::uint64_t n = 1; n <= 5000; ++n) { // about 10 MB of values, and the disk has 8
        REQUIRE(records.put(test::record(n)).has_value());
        if (!records.group_full()) continue;
        const auto flushed = records.flush(test::at_second(1));
        REQUIRE((flushed.error ? flushed.error->message() : "") == "");
    }
    REQUIRE(!records.flush(test::at_second(1)).error);
    CHECK(records.get(5000).has_value());
    CHECK(records.size() > 300);
    CHECK(records.size() < 5000);
}

TEST_CASE("the queue of records is bounded, and what does not fit is refused", "[store][full_disk]")
{
    test::TemporaryDirectory tmp;
    auto store = Store::open(tmp.path(), {});
    REQUIRE(store.has_value());
    auto& records = store->records();
    base::Result<void> put;
    std::uint64_t n = 0;
    while (put && n < 100'000) put = records.put(test::record(++n));
    REQUIRE(!put);
    CHECK(put.error().code == base::Errc::limit);
    CHECK(n == 4097);
    CHECK(records.put(test::record(n - 1)).has_value()); // one that is in it may change
    CHECK(records.get(n).error().code == base::Errc::not_found);
    REQUIRE(!records.flush(test::at_second(1)).error);
    CHECK(records.put(test::record(n)).has_value());
}

TEST_CASE("state that cannot be written changes nothing", "[store][full_disk]")
{
    test::TemporaryDirectory tmp;
    if (!small_disk(tmp)) return;
    auto store = Store::open(tmp.path(), {});
    REQUIRE(store.has_value());
    auto& state = store->state();
    REQUIRE(state.put_now("a", "before").has_value());
    fill_up(tmp / "filler");
    const auto put = state.apply({{"a", "\"" + std::string(6'000'000, 'z') + "\""}, {"b", "1"}});
    REQUIRE(!put);
    CHECK(put.error().code == std::errc::no_space_on_device);
    CHECK(*state.get("a") == nlohmann::json("before"));
    CHECK(!state.get("b"));
    std::filesystem::remove(tmp / "filler");
    CHECK(state.put_now("a", "after").has_value());
}

TEST_CASE("state that has to wait is seen at once and written with the next, or by another try", "[store][full_disk]")
{
    test::TemporaryDirectory tmp;
    if (!small_disk(tmp)) return;
    const std::string big(6'000'000, 'z');
    for (const bool by_retry : {true, false}) {
        auto store = Store::open(tmp.path(), {});
        REQUIRE(store.has_value());
        auto& state = store->state();
        REQUIRE(state.apply({{"a", "1"}, {"b", "1"}}).has_value());
        int told = 0;
        state.on_waiting = [&] { ++told; };
        fill_up(tmp / "filler");
        state.keep({{"a", "\"" + big + "\""}, {"b", std::nullopt}});
        CHECK(told == 1);
        state.keep({{"c", "3"}}); // small enough, but what comes later does not overtake
        CHECK(told == 2);
        CHECK(*state.get("a") == nlohmann::json(big));
        CHECK(!state.get("b"));
        CHECK(*state.get("c") == nlohmann::json(3));
        std::string keys;
        state.for_each("", [&](std::string_view key, const nlohmann::json&) { keys += key; });
        CHECK(keys == "ac");
        CHECK(!state.retry());
        CHECK(!state.put_now("d", 4));
        CHECK(!state.get("d"));
        std::filesystem::remove(tmp / "filler");
        state.keep({{"a", "5"}}); // the newest counts
        if (by_retry)
            CHECK(state.retry());
        else
            CHECK(state.put_now("e", 6).has_value());
        CHECK(state.retry());
        CHECK(told == 3);

        store = Store::open(tmp / "elsewhere", {}); // closes the first
        store = Store::open(tmp.path(), {});
        REQUIRE(store.has_value());
        CHECK(*store->state().get("a") == nlohmann::json(5));
        CHECK(!store->state().get("b"));
        CHECK(*store->state().get("c") == nlohmann::json(3));
        CHECK(store->state().get("e").has_value() == !by_retry);
    }
}

TEST_CASE("a store on a full disk opens, with all its records", "[store][full_disk]")
{
    test::TemporaryDirectory tmp;
    if (!small_disk(tmp)) return;
    {
        auto store = Store::open(tmp.path(), {});
        REQUIRE(store.has_value());
        for (std::uint64_t n = 1; n <= 100; ++n) REQUIRE(store->records().put(test::record(n)).has_value());
        REQUIRE(!store->records().flush(test::at_second(1)).error);
    }
    fill_up(tmp / "filler");
    auto store = Store::open(tmp.path(), {});
    REQUIRE(store.has_value());
    CHECK(store->records().size() == 100);
}

TEST_CASE("a first start on a full disk says so", "[store][full_disk]")
{
    test::TemporaryDirectory tmp;
    if (!small_disk(tmp)) return;
    fill_up(tmp / "filler");
    const auto store = Store::open(tmp.path(), {});
    REQUIRE(!store);
    CHECK(store.error().code == std::errc::no_space_on_device);
    CHECK(store.error().message().find("create " + tmp / "runs.tdb") != std::string::npos);
}
