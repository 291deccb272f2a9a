// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/run_archive.h"

#include "processd/loop/keeper_client.h"
#include "processd/output/log_store.h"
#include "processd/store/store.h"
#include "processd/supervisor/journal.h"
#include "tests/processd/store/support.h"

#include <catch2/catch.hpp>
#include <sys/socket.h>

using namespace processd;
using namespace processd::supervisor;

namespace {

// The archive on a store of its own, and a keeper that reads nothing.
struct Archive {
    test::TemporaryDirectory directory;
    loop::Loop loop;
    base::UniqueFd keepers_end;
    loop::KeeperClient keeper{loop, make_channel(), {}};
    output::LogStore logs{1, 1, 1U << 20U};
    model::Counters counters;
    Journal journal{loop, keeper, logs, counters};
    store::Store store = *store::Store::open(directory.path(), {});
    RunTable table;
    RunArchive archive{loop, keeper, store.records(), journal, table};

    base::UniqueFd make_channel()
    {
        int ends[2] = {-1, -1};
        REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
        keepers_end.reset(ends[0]);
        return base::UniqueFd{ends[1]};
    }
    LiveRun& taken_up(std::uint64_t number, model::RunState state = model::RunState::ended)
    {
        Launch launch;
        launch.record = test::record(number);
        launch.record.state = state;
        return table.add(std::move(launch));
    }
};

} // namespace

TEST_CASE("the number of a run that was taken up is not handed out", "[supervisor][archive]")
{
    Archive a;
    REQUIRE(a.store.records().put(test::record(4)));
    a.taken_up(5); // its beginning is not on record: the manager that gave it the number was killed before
    a.taken_up(6);
    a.taken_up(8);
    CHECK(a.archive.next_number() == 7);
    CHECK(a.archive.next_number() == 9);
}

TEST_CASE("nothing is put on record that the keeper was not asked for", "[supervisor][archive]")
{
    Archive a;
    int sent = 0;
    a.keeper.when_sent([&] { ++sent; });
    CHECK(sent == 1);
    while (a.keeper.backlog() == 0) a.keeper.watch({});
    a.keeper.when_sent([&] { ++sent; });
    CHECK(sent == 1);
    a.archive.save_beginning(a.taken_up(1, model::RunState::running));
    CHECK_FALSE(a.archive.flush());
    CHECK_FALSE(a.store.records().get(1));

    loop::Timer look{a.loop, {}};
    const auto again = [&] {
        std::array<char, 4096> message{};
        while (::recv(a.keepers_end.get(), message.data(), message.size(), 0) > 0) {}
        if (a.store.records().get(1)) return a.loop.stop();
        look.at(base::now() + std::chrono::milliseconds{1});
    };
    look = loop::Timer{a.loop, again};
    look.at(base::now());
    a.loop.run();
    CHECK(a.keeper.backlog() == 0);
    CHECK(sent == 2);
    CHECK(a.store.records().pending() == 0);
}

TEST_CASE("a run that ends before its beginning is on record is counted once", "[supervisor][archive]")
{
    Archive a;
    auto& live = a.taken_up(1, model::RunState::running);
    live.record.kind = model::RunKind::pre_start;
    a.archive.save_beginning(live);
    live.record.state = model::RunState::ended; // and its tree is not empty yet
    live.record.outcome = model::outcome_from_wait(model::OutcomeKind::exited, 0);
    CHECK(a.archive.flush());
    a.archive.close(live);
    CHECK(a.archive.flush());
    const auto& outcomes = a.store.records().tally().kinds.at(model::RunKind::pre_start).outcomes;
    CHECK(outcomes[static_cast<std::size_t>(model::OutcomeKind::exited)] == 1);
}
