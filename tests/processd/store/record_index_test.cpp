// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/record_index.h"
#include "tests/processd/store/support.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>

using namespace processd;
using namespace processd::store;
using Numbers = std::vector<std::uint64_t>;

namespace {

void put(RecordIndex& index, const model::RunRecord& r) { index.put(r.number, head_of(r), 1024); }

} // namespace

TEST_CASE("the id table finds what a map finds, through growth and removal", "[store][record_index]")
{
    std::mt19937_64 random{1};
    IdTable table;
    std::multimap<std::uint64_t, std::uint64_t> expected;
    for (std::uint64_t number = 1; number < 20'000; ++number) {
        const auto hash = random() % 3000 * 0x9e3779b97f4a7c15U; // shared hashes and long stretches
        table.add(hash, number);
        expected.emplace(hash, number);
        if (random() % 3 == 0) {
            const auto gone = std::next(
                expected.begin(), static_cast<std::ptrdiff_t>(random() % std::min<std::size_t>(expected.size(), 50)));
            table.remove(gone->first, gone->second);
            expected.erase(gone);
        }
    }
    table.remove(12345, 1); // never there
    bool same = true;
    for (std::uint64_t i = 0; i < 3000; ++i) {
        auto found = table.numbers(i * 0x9e3779b97f4a7c15U);
        std::sort(found.begin(), found.end());
        Numbers wanted;
        const auto range = expected.equal_range(i * 0x9e3779b97f4a7c15U);
        for (auto at = range.first; at != range.second; ++at) wanted.push_back(at->second);
        std::sort(wanted.begin(), wanted.end());
        same = same && found == wanted;
    }
    CHECK(same);
}

TEST_CASE("the index of 20000 records stays within about 2 MB", "[store][record_index]")
{
    CHECK(sizeof(Entry) == 64);
    IdTable ids;
    for (std::uint64_t n = 1; n <= 20'000; ++n) ids.add(n * 0x9e3779b97f4a7c15U, n);
    CHECK(20'000 * sizeof(Entry) + ids.capacity() * 16 < 2'000'000);
}

TEST_CASE("each filter of a query narrows it, newest first", "[store][record_index]")
{
    RecordIndex index{99};
    for (std::uint64_t n = 1; n <= 6; ++n) {
        auto r = test::record(n);
        if (n == 2) r.name = "smbd";
        if (n == 3) r.parent = "op-3";
        if (n == 4) r.kind = model::RunKind::service;
        if (n == 5) r.outcome->kind = model::OutcomeKind::timed_out;
        if (n == 6) {
            r.state = model::RunState::running;
            r.outcome.reset();
            r.duration.reset();
        } else {
            r.duration = std::chrono::milliseconds{n};
        }
        put(index, r);
    }
    const auto ask = [&](const Filter& f) { return index.matching(f, 0, 100); };
    CHECK(ask({}) == Numbers{6, 5, 4, 3, 2, 1});
    Filter f;
    f.name = "smbd";
    CHECK(ask(f) == Numbers{2});
    f = {};
    f.parent = "op-3";
    CHECK(ask(f) == Numbers{3});
    f = {};
    f.kind = model::RunKind::service;
    CHECK(ask(f) == Numbers{4});
    f = {};
    f.outcome = model::OutcomeKind::timed_out;
    CHECK(ask(f) == Numbers{5});
    f = {};
    f.state = model::RunState::running;
    CHECK(ask(f) == Numbers{6});
    f = {};
    f.since = test::at_second(4);
    CHECK(ask(f) == Numbers{6, 5, 4});
    f = {};
    f.min_duration = std::chrono::milliseconds{3};
    CHECK(ask(f) == Numbers{5, 4, 3});
    CHECK(index.matching({}, 4, 2) == Numbers{3, 2});
    CHECK(index.open() == Numbers{6});
}

TEST_CASE("retention removes the oldest ended records, never open ones or the newest", "[store][record_index]")
{
    RecordIndex index{1};
    for (std::uint64_t n = 1; n <= 10; ++n) {
        auto r = test::record(n);
        if (n == 2) r.state = model::RunState::running;
        put(index, r);
    }
    const auto now = test::test_epoch_s + 10;
    CHECK(index.victims({10, {}, 1U << 30U}, now, 0, 100).empty());
    CHECK(index.victims({7, {}, 1U << 30U}, now, 0, 100) == Numbers{1, 3, 4});
    CHECK(index.victims({0, {}, 1U << 30U}, now, 0, 100) == Numbers{1, 3, 4, 5, 6, 7, 8, 9});
    CHECK(index.victims({10, {}, 8 * 1024}, now, 0, 100) == Numbers{1, 3});
    CHECK(index.victims({10, std::chrono::seconds{6}, 1U << 30U}, now, 0, 100) == Numbers{1, 3});
    CHECK(index.victims({10, {}, 1U << 30U}, now, 2, 100) == Numbers{1, 3});
    CHECK(index.victims({7, {}, 1U << 30U}, now, 0, 2) == Numbers{1, 3});
}

TEST_CASE("an expired record's id is found for 24 hours and forgotten then", "[store][record_index]")
{
    RecordIndex index{1};
    put(index, test::record(1));
    put(index, test::record(2));
    index.expire(1);
    CHECK(index.size() == 1);
    CHECK(index.candidates("01TEST1") == Numbers{1});
    CHECK(index.matching({}, 0, 10) == Numbers{2});
    const auto ended = test::test_epoch_s + 1;
    CHECK(index.forgettable(ended + 24 * 3600, 10).empty());
    CHECK(index.forgettable(ended + 24 * 3600 + 1, 10) == Numbers{1});
    index.erase(1);
    CHECK(index.candidates("01TEST1").empty());
    CHECK(index.remembered() == 0);
}

TEST_CASE("a record put again replaces the older one", "[store][record_index]")
{
    RecordIndex index{1};
    auto r = test::record(3);
    put(index, r);
    r.name = "other";
    index.put(3, head_of(r), 4096);
    CHECK(index.size() == 1);
    CHECK(index.bytes() == 4096);
    CHECK(index.candidates(r.id) == Numbers{3});
}

TEST_CASE("runs that only ask do not push out what people look for", "[store][record_index]")
{
    RecordIndex index{1};
    const auto is_check = [](std::uint64_t n) { return n % 3 != 0; };
    for (std::uint64_t n = 1; n <= 12; ++n) { // 8 checks, 4 others
        auto r = test::record(n);
        if (is_check(n)) r.kind = model::RunKind::check;
        put(index, r);
    }
    const auto now = test::test_epoch_s + 12;
    CHECK(index.victims({32, {}, 1U << 30U}, now, 0, 100).empty());
    CHECK(index.victims({20, {}, 1U << 30U}, now, 0, 100) == Numbers{1, 2, 4});
    CHECK(index.victims({20, {}, 1U << 30U}, now, 0, 2) == Numbers{1, 2});
    CHECK(index.victims({11, {}, 1U << 30U}, now, 0, 100) == Numbers{1, 2, 4, 5, 7, 8});
    index.erase(1);
    index.expire(2);
    CHECK(index.victims({20, {}, 1U << 30U}, now, 0, 100) == Numbers{4});
}
