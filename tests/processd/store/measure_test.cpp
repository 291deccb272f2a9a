// SPDX-License-Identifier: GPL-3.0-or-later
// Not a test: the numbers in docs/records.md, all of CPU time. Run with: test-store "[measure]"
#include "processd/store/store.h"
#include "tests/processd/store/support.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

using namespace processd;
using namespace processd::store;

namespace {

// Of this thread, so that a busy machine does not spoil the numbers.
double cpu_ms()
{
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

} // namespace

TEST_CASE("what records cost", "[.][measure]")
{
    test::TemporaryDirectory tmp;
    auto opened = Store::open(tmp.path(), {});
    REQUIRE(opened.has_value());
    auto& records = opened->records();
    for (const std::size_t group : {64U, 16U, 1U}) {
        std::vector<double> commits;
        const auto start = cpu_ms();
        const std::uint64_t count = group == 1 ? 5000 : 60'000;
        for (std::uint64_t i = 0; i < count; ++i) {
            auto r = test::record(records.next_number());
            r.tail = {{"stdout", r.started, std::string(i % 10 == 0 ? 8000 : 80, 'x'), false}};
            REQUIRE(records.put(r).has_value());
            if (records.pending() < group) continue;
            const auto begun = cpu_ms();
            REQUIRE(!records.flush(base::wall_now()).error);
            commits.push_back(cpu_ms() - begun);
        }
        const auto took = (cpu_ms() - start);
        std::sort(commits.begin(), commits.end());
        std::printf("groups of %zu: %.0f records/s; a commit takes %.2f ms (median), %.2f ms (p99), %.2f ms (worst)\n",
                    group, static_cast<double>(count) / took * 1000, commits[commits.size() / 2],
                    commits[commits.size() * 99 / 100], commits.back());
        std::printf("  records %zu, file %.1f MB\n", records.size(),
                    static_cast<double>(std::filesystem::file_size(tmp / "runs.tdb")) / 1e6);
    }
    auto start = cpu_ms();
    for (int i = 0; i < 1000; ++i) REQUIRE(opened->state().put_now("service/web", i).has_value());
    std::printf("a change of state takes %.3f ms\n", (cpu_ms() - start) / 1000);
    start = cpu_ms();
    REQUIRE(records.query({}, "", 100)->runs.size() == 100);
    std::printf("a page of 100 takes %.2f ms\n", (cpu_ms() - start));
    start = cpu_ms();
    for (int i = 0; i < 1000; ++i) REQUIRE(!records.find("no-such-id-" + std::to_string(i)));
    std::printf("an unknown id takes %.4f ms\n", (cpu_ms() - start) / 1000);
    {
        const auto gone = *std::move(opened);
    }
    start = cpu_ms();
    auto again = Store::open(tmp.path(), {});
    REQUIRE(again.has_value());
    std::printf("opening %zu records takes %.0f ms\n", again->records().size(), (cpu_ms() - start));
}
