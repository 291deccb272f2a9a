// SPDX-License-Identifier: GPL-3.0-or-later
// Promise 8 at its root: a writer killed at any instant leaves every record and state whose commit had returned.
#include "helpers/base/unique_fd.h"
#include "processd/store/store.h"
#include "tests/processd/store/support.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <random>
#include <sys/mman.h>
#include <sys/wait.h>

using namespace processd;
using namespace processd::store;

namespace {

constexpr std::uint64_t kept = 300;

struct Acknowledged { // shared with the child
    std::atomic<std::uint64_t> record{0}, state{0}, failed{0};
    int beat = -1; // the child writes a byte for each commit
};

// Writes until it is killed, and says what is committed.
[[noreturn]] void write_on(const std::string& path, Acknowledged& acknowledged)
{
    auto store = Store::open(path, {model::Sync::interval, {kept, {}, 1U << 30U}});
    if (!store) {
        acknowledged.failed = 1;
        ::_exit(1); // which ends the pipe
    }
    std::mt19937 random{static_cast<unsigned>(::getpid())};
    while (true) {
        const auto count = 1 + random() % 40;
        for (unsigned i = 0; i < count; ++i) {
            auto r = test::record(store->records().next_number());
            r.fingerprint = r.number % 3;
            const auto tail =
                random() % (random() % 16 == 0 ? 9000 : 600); // most are short, as JSON is what takes time
            r.tail = {{"stdout", r.started, std::string(tail, 'x'), false}};
            if (!store->records().put(r)) acknowledged.failed = 2;
        }
        const auto flushed = store->records().flush(test::at_second(1000));
        if (flushed.error) acknowledged.failed = 3;
        if (!flushed.committed.empty()) acknowledged.record = flushed.committed.back();
        const auto next = acknowledged.state + 1;
        if (!store->state().put_now("counter", next)) acknowledged.failed = 4;
        acknowledged.state = next;
        [[maybe_unused]] const auto n = ::write(acknowledged.beat, ".", 1);
        if (random() % 8 == 0) store->sync_soon();
    }
}

} // namespace

TEST_CASE("a writer killed at random instants loses nothing that was committed", "[store][kill]")
{
    test::TemporaryDirectory tmp;
    (void)tmp.mount_tmpfs("256m"); // where permitted: a killed writer may be syncing, and a busy disk takes its time
    void* memory = ::mmap(nullptr, sizeof(Acknowledged), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    auto& acknowledged = *new (memory) Acknowledged;
    std::mt19937 random{7};
    for (int round = 0; round < 60; ++round) {
        int pipe_ends[2];
        REQUIRE(::pipe2(pipe_ends, O_CLOEXEC) == 0);
        const base::UniqueFd listen{pipe_ends[0]};
        base::UniqueFd beat{pipe_ends[1]};
        acknowledged.beat = beat.get();
        const pid_t child = ::fork();
        if (child == 0) write_on(tmp.path(), acknowledged);
        REQUIRE(child > 0);
        beat.reset();
        char byte = 0;
        for (auto commits = 1 + random() % 12; commits > 0 && ::read(listen.get(), &byte, 1) == 1; --commits) {}
        for (volatile auto spin = random() % 300'000; spin > 0;) spin = spin - 1; // anywhere in the next commit
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        REQUIRE(acknowledged.failed == 0);

        auto store = Store::open(tmp.path(), {model::Sync::interval, {kept, {}, 1U << 30U}});
        REQUIRE(store.has_value());
        const auto last = acknowledged.record.load();
        auto& records = store->records();
        CHECK(records.next_number() > last);
        CHECK(records.size() <= kept + group_size);
        bool all = true;
        for (auto n = last > kept - group_size ? last - (kept - group_size) : 1; n <= last; ++n) {
            const auto found = records.get(n);
            all = all && found && found->number == n && found->id == test::record(n).id;
        }
        CHECK(all);
        const auto page = records.query({}, "", max_page);
        REQUIRE(page.has_value());
        CHECK(page->runs.size() == records.size()); // every record is whole
        const auto counter = store->state().get("counter");
        REQUIRE(counter.has_value());
        CHECK(counter->get<std::uint64_t>() >= acknowledged.state);
    }
    for (const auto& entry : std::filesystem::directory_iterator{tmp.path()})
        CHECK(entry.path().string().find(".corrupt-") == std::string::npos);
    ::munmap(memory, sizeof(Acknowledged));
}
