// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/processd/keeper/keeper_under_test.h"

#include <csignal>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace keeper_test;
using protocol::Phase;
using protocol::Stage;
using protocol::Stream;

TEST_CASE("a command's exit code, output and times come back", "[keeper][spawn]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    auto& child = manager->run(shell("echo out; echo err >&2; exit 7"));
    CHECK(child.state.phase == Phase::exited);
    CHECK(WIFEXITED(child.state.wait_status));
    CHECK(WEXITSTATUS(child.state.wait_status) == 7);
    CHECK(child.ring->text(Stream::out) == "out\n");
    CHECK(child.ring->text(Stream::err) == "err\n");
    CHECK((child.state.flags & protocol::flag_eof) != 0);
    CHECK(child.state.exited_mono_ns >= child.state.started_mono_ns);
    CHECK(child.state.max_rss_kb > 0);
}

TEST_CASE("all 256 exit codes and all signals that end a process come back unchanged", "[keeper][spawn]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    std::map<std::uint64_t, int> wanted;
    for (int code = 0; code < 256; ++code)
        wanted[manager->send_spawn(shell("exit " + std::to_string(code)))] = code << 8;
    for (int number = 1; number <= SIGRTMAX; ++number) {
        if (number == SIGCHLD || number == SIGCONT || number == SIGURG || number == SIGWINCH || number == SIGSTOP ||
            number == SIGTSTP || number == SIGTTIN || number == SIGTTOU || (number > 31 && number < SIGRTMIN))
            continue;
        wanted[manager->send_spawn(shell("ulimit -c 0; kill -" + std::to_string(number) + " $$"))] = number;
    }
    for (const auto& [request, status] : wanted) {
        auto& child = manager->wait_ended(manager->children()[manager->child_of(request)]);
        CHECK((child.state.wait_status & ~0x80) == status);
        CHECK(child.state.phase == Phase::exited);
        manager->ack(child);
    }
}
