// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/log_store.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd::output;

namespace {

constexpr std::uint64_t epoch = 77;
constexpr std::size_t plenty = SIZE_MAX;
const std::uint64_t start = first_seq(1);

void add(LogStore& store, const std::string& service, const std::string& data, const std::string& run = "r")
{
    LogLine line;
    line.service = service;
    line.run = run;
    line.data = data;
    store.append(line);
}

std::vector<std::string> texts(const LogRead& read)
{
    std::vector<std::string> all;
    for (const auto& line : read.lines) all.push_back(line.data);
    return all;
}
std::string dotted(int i)
{
    auto text = std::to_string(i);
    text.append(99, '.');
    return text;
}
using Texts = std::vector<std::string>;

} // namespace

TEST_CASE("lines are numbered without holes and come back as they were", "[output][log_store]")
{
    LogStore store{epoch, start, 1U << 20U};
    LogLine line;
    line.time = base::wall_from_ns(123);
    line.service = "web";
    line.run = "1";
    line.stream = Stream::err;
    line.data = std::string("a\0b", 3);
    line.partial = line.late = true;
    store.append(line);
    CHECK(line.seq == start + 1);
    add(store, "web", "");
    auto follower = store.follow({}, Token{epoch, start}, 0);
    const auto read = store.read(follower, 10, plenty, plenty);
    REQUIRE(read.lines.size() == 2);
    CHECK(read.lines[0] == line);
    CHECK(read.lines[1].seq == start + 2);
    CHECK(!read.gap);
    CHECK(!read.more);
    CHECK(store.newest() == Token{epoch, start + 2});
}

TEST_CASE("a follower sees what comes after it asked, through its filter", "[output][log_store]")
{
    LogStore store{epoch, start, 1U << 20U};
    add(store, "web", "before");
    auto web = store.follow({{"web"}}, {}, 0);
    auto run = store.follow({{}, "2"}, {}, 0);
    add(store, "db", "one", "2");
    add(store, "web", "two", "2");
    add(store, "web", "three", "3");
    CHECK(texts(store.read(web, 10, plenty, plenty)) == Texts{"two", "three"});
    CHECK(texts(store.read(run, 10, plenty, plenty)) == Texts{"one", "two"});
    CHECK(store.read(web, 10, plenty, plenty).lines.empty());
    add(store, "web", "four");
    CHECK(texts(store.read(web, 10, plenty, plenty)) == Texts{"four"});
}

TEST_CASE("without a token reading starts at the newest matching lines", "[output][log_store]")
{
    LogStore store{epoch, start, 8U << 20U};
    for (int i = 0; i < 5000; ++i) add(store, i % 100 == 0 ? "rare" : "loud", dotted(i));
    auto three = store.follow({{"rare"}}, {}, 3);
    const auto read = store.read(three, 100, plenty, plenty);
    REQUIRE(read.lines.size() == 3);
    CHECK(read.lines[0].data.starts_with("4700."));
    CHECK(read.lines[2].data.starts_with("4900."));
    auto all = store.follow({{"rare"}}, {}, 1000);
    CHECK(store.read(all, 1000, plenty, plenty).lines.size() == 50);
    auto nobody = store.follow({{"none"}}, {}, 10);
    CHECK(store.read(nobody, 1000, plenty, plenty).lines.empty());
}

TEST_CASE("a read is bounded by lines and bytes and goes on where it stopped", "[output][log_store]")
{
    LogStore store{epoch, start, 1U << 20U};
    for (int i = 0; i < 10; ++i) add(store, "web", dotted(i));
    auto follower = store.follow({}, Token{epoch, start}, 0);
    auto read = store.read(follower, 3, plenty, plenty);
    CHECK(read.lines.size() == 3);
    CHECK(read.more);
    read = store.read(follower, 100, 250, plenty);
    CHECK(read.lines.size() == 2);
    CHECK(read.lines[0].seq == start + 4);
    read = store.read(follower, 100, 1, plenty); // at least one
    CHECK(read.lines.size() == 1);
    read = store.read(follower, 100, plenty, plenty);
    CHECK(read.lines.size() == 4);
    CHECK(!read.more);
}

TEST_CASE("the window is bounded by bytes, and what left it is a gap", "[output][log_store]")
{
    constexpr std::size_t bound = 512 * 1024;
    LogStore store{epoch, start, bound};
    CHECK(store.bytes() == 0); // nothing is allocated for nothing
    auto old = store.follow({}, Token{epoch, start}, 0);
    auto never_read = store.follow({}, {}, 0);
    CHECK(store.read(never_read, 1, plenty, plenty).lines.empty());
    for (int i = 0; i < 20'000; ++i) {
        add(store, "web", std::string(static_cast<std::size_t>(i % 200), 'x'));
        if (store.bytes() > bound) FAIL("over the bound");
    }
    auto read = store.read(old, 1, plenty, plenty);
    REQUIRE(read.gap);
    CHECK(read.gap->reason == GapReason::expired);
    CHECK(read.gap->from == Token{epoch, start});
    REQUIRE(read.lines.size() == 1);
    CHECK(read.gap->to.seq + 1 == read.lines[0].seq);
    CHECK(!store.read(old, 1, plenty, plenty).gap);
    read = store.read(never_read, 1, plenty, plenty);
    REQUIRE(read.gap);
    CHECK(read.gap->reason == GapReason::slow_reader);
    CHECK(to_json(*read.gap)["reason"] == "slow_reader");
    CHECK(to_json(*read.gap)["type"] == "gap");

    store.set_max_bytes(64 * 1024);
    CHECK(store.bytes() <= 64 * 1024);
}

TEST_CASE("a line larger than a block is kept", "[output][log_store]")
{
    LogStore store{epoch, start, 1U << 20U};
    add(store, "web", std::string(64 * 1024, 'x'));
    add(store, "web", "small");
    add(store, "web", std::string(64 * 1024, 'y'));
    auto follower = store.follow({}, Token{epoch, start}, 0);
    const auto read = store.read(follower, 10, plenty, plenty);
    REQUIRE(read.lines.size() == 3);
    CHECK(read.lines[0].data.size() == 64 * 1024);
    CHECK(read.lines[1].data == "small");
}

TEST_CASE("a token of an earlier keeper, or one that never was, is a restart", "[output][log_store]")
{
    LogStore store{epoch, first_seq(2), 1U << 20U};
    add(store, "web", "first of this manager");
    for (const auto& token : {Token{epoch - 1, first_seq(2) + 1}, Token{epoch, first_seq(2) + 100}}) {
        auto follower = store.follow({}, token, 0);
        const auto read = store.read(follower, 10, plenty, plenty);
        REQUIRE(read.gap);
        CHECK(read.gap->reason == GapReason::restarted);
        CHECK(read.gap->from == token);
        CHECK(read.gap->to == Token{epoch, first_seq(2)});
        CHECK(read.lines.size() == 1);
    }
    auto current = store.follow({}, Token{epoch, first_seq(2) + 1}, 0);
    CHECK(!store.read(current, 10, plenty, plenty).gap);
}

TEST_CASE("a token of an earlier manager goes on behind what was taken up of its lines", "[output][log_store]")
{
    LogStore store{epoch, first_seq(2), 1U << 20U};
    add(store, "web", "of the manager before");
    store.taken_up(first_seq(1) + 9);
    add(store, "web", "first of this manager");

    auto up_to_date = store.follow({}, Token{epoch, first_seq(1) + 9}, 0);
    const auto read = store.read(up_to_date, 10, plenty, plenty);
    CHECK(!read.gap);
    REQUIRE(read.lines.size() == 1);
    CHECK(read.lines[0].data == "first of this manager");

    const Token missed_some{epoch, first_seq(1) + 8};
    auto behind = store.follow({}, missed_some, 0);
    const auto late = store.read(behind, 10, plenty, plenty);
    CHECK(late.gap == Gap{missed_some, {epoch, first_seq(2) + 1}, GapReason::restarted});
    REQUIRE(late.lines.size() == 1);
    CHECK(late.lines[0].data == "first of this manager");

    auto anew = store.follow({}, {}, 10);
    CHECK(store.read(anew, 10, plenty, plenty).lines.size() == 2);
}

TEST_CASE("a follower further behind than it may be is moved to the newest line", "[output][log_store]")
{
    LogStore store{epoch, start, 4U << 20U};
    auto slow = store.follow({}, {}, 0);
    auto quiet = store.follow({{"quiet"}}, {}, 0);
    CHECK(store.read(slow, 10, plenty, 10'000).lines.empty());
    CHECK(store.read(quiet, 10, plenty, 10'000).lines.empty());
    add(store, "quiet", "do not lose me");
    for (int i = 0; i < 1000; ++i) add(store, "loud", std::string(100, 'x'));
    auto read = store.read(slow, 10, plenty, 10'000);
    REQUIRE(read.gap);
    CHECK(read.gap->reason == GapReason::slow_reader);
    CHECK(read.gap->to == store.newest());
    CHECK(read.lines.empty());
    add(store, "loud", "next");
    CHECK(texts(store.read(slow, 10, plenty, 10'000)) == Texts{"next"});
    // The bytes of others do not make a reader slow.
    read = store.read(quiet, 10, plenty, 10'000);
    CHECK(!read.gap);
    CHECK(texts(read) == Texts{"do not lose me"});
    // One that catches up from an old token is not slow either.
    auto old = store.follow({}, Token{epoch, start}, 0);
    CHECK(!store.read(old, 10, plenty, 10'000).gap);
}

TEST_CASE("many runs in one block are told apart", "[output][log_store]")
{
    LogStore store{epoch, start, 4U << 20U};
    for (int i = 0; i < 5000; ++i) add(store, "", std::to_string(i), "run-" + std::to_string(i));
    for (const int i : {0, 1023, 1024, 4999}) {
        auto follower = store.follow({{}, "run-" + std::to_string(i)}, {}, 10);
        CHECK(texts(store.read(follower, 10, plenty, plenty)) == Texts{std::to_string(i)});
    }
}

namespace {

// Ten thousand lines of two services, one a second; every thousandth says "needle".
struct Haystack {
    LogStore store{epoch, start, 64U << 20U};
    base::WallTime t0 = base::wall_from_ns(1'795'365'789'000'000'000);
    Haystack()
    {
        for (int i = 0; i < 10'000; ++i) {
            LogLine line;
            line.service = i % 2 == 0 ? "even" : "odd";
            line.run = "r";
            line.time = t0 + std::chrono::seconds{i};
            line.data = (i % 1000 == 0 ? "needle " : "hay ") + dotted(i);
            store.append(line);
        }
    }
    // All that a follower gets, and in how many reads.
    Texts all(Follower follower, std::size_t scan, int& reads) const
    {
        Texts found;
        for (bool more = true; more;) {
            ++reads;
            auto read = store.read(follower, 1000, plenty, plenty, scan);
            for (auto& line : read.lines) found.push_back(line.data.substr(0, line.data.find('.')));
            more = read.more;
        }
        return found;
    }
};

std::shared_ptr<const LinePattern> pattern(const char* text) { return *LinePattern::parse(text); }

} // namespace

TEST_CASE("lines are found by text and time, a bounded part of the window at a time", "[output][log_store]")
{
    const Haystack hay;
    LogFilter needles;
    needles.pattern = pattern("^needle");
    LogFilter between = needles;
    between.since = hay.t0 + std::chrono::seconds{2000};
    between.until = hay.t0 + std::chrono::seconds{5000};
    const auto found = [&](const LogFilter& filter, std::size_t limit, std::size_t scan) {
        int reads = 0;
        auto texts = hay.all(hay.store.follow(filter, {}, limit), scan, reads);
        CHECK(reads <= 3 + static_cast<int>(2 * hay.store.bytes() / scan)); // once back and once on
        if (scan < hay.store.bytes() / 10) CHECK(reads > 5);
        return texts;
    };
    for (const std::size_t scan : {plenty, std::size_t{64} << 10U}) {
        CAPTURE(scan);
        CHECK(found(needles, all_lines, scan).size() == 10);
        CHECK(found(between, all_lines, scan) == Texts{"needle 2000", "needle 3000", "needle 4000", "needle 5000"});
        CHECK(found(between, 2, scan) == Texts{"needle 4000", "needle 5000"});
        CHECK(found(needles, 3, scan) == Texts{"needle 7000", "needle 8000", "needle 9000"});
        LogFilter odd = needles;
        odd.services = {"odd"};
        CHECK(found(odd, 3, scan).empty());
    }
}

TEST_CASE("what comes while the newest lines are looked for is not among them, but read behind", "[output][log_store]")
{
    Haystack hay;
    LogFilter needles;
    needles.pattern = pattern("needle");
    auto follower = hay.store.follow(needles, {}, 1);
    CHECK(hay.store.read(follower, 10, plenty, plenty, 1).more);
    add(hay.store, "even", "needle new.");
    int reads = 0;
    CHECK(hay.all(follower, 64 << 10, reads) == Texts{"needle 9000", "needle new"});
    follower = hay.store.follow(needles, {}, 1);
    follower.end = hay.store.last_seq();
    add(hay.store, "even", "needle newer.");
    CHECK(hay.all(follower, plenty, reads) == Texts{"needle new"});
}

TEST_CASE("looking for lines goes on when the oldest fall out of the window", "[output][log_store]")
{
    Haystack hay;
    LogFilter needles;
    needles.pattern = pattern("needle");
    auto follower = hay.store.follow(needles, {}, 8);
    CHECK(hay.store.read(follower, 10, plenty, plenty, 1).more);
    hay.store.set_max_bytes(256 << 10);
    int reads = 0;
    const auto left = hay.all(follower, 64 << 10, reads);
    CHECK(!left.empty());
    CHECK(left.size() < 8);
    CHECK(left.back() == "needle 9000");
}

TEST_CASE("who has lines in the window is known", "[output][log_store]")
{
    LogStore store{epoch, start, 1U << 20U};
    CHECK(!store.knows({}));
    add(store, "web", "x", "1");
    CHECK(store.knows({{"web"}}));
    CHECK(store.knows({{}, "1"}));
    CHECK(!store.knows({{"db"}}));
    CHECK(store.knows({{"db", "web"}})); // one of several
    CHECK(!store.knows({{"web"}, "2"}));
}
