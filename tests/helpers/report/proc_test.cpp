// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/report/host.h"
#include "helpers/report/proc.h"

#include <catch2/catch.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace report;
using namespace std::chrono_literals;

TEST_CASE("a process may have any name", "[report][proc]")
{
    const auto stat = parse_stat("42 (a) (b) R 1) D 7 8 9 0 -1 4194560 1 2 3 4 50 60 7 8 20 0 3 0 1234 5678 90 1844\n");
    REQUIRE(stat);
    CHECK(stat->pid == 42);
    CHECK(stat->name == "a) (b) R 1");
    CHECK(stat->state == 'D');
    CHECK(stat->parent == 7);
    CHECK(stat->group == 8);
    CHECK(stat->session == 9);
    CHECK(stat->user_ticks == 50);
    CHECK(stat->system_ticks == 60);
    CHECK(stat->threads == 3);
    CHECK(stat->start_ticks == 1234);
    CHECK(stat->resident_pages == 90);
    for (const char* wrong : {"", "42", "42 (a", "x (a) R 1 2 3", "42 (a) R 1 2 3", ")("})
        CHECK_FALSE(parse_stat(wrong));
}

TEST_CASE("a tree is all that descends from its root", "[report][proc]")
{
    const auto process = [](pid_t pid, pid_t parent) {
        ProcStat stat;
        stat.pid = pid;
        stat.parent = parent;
        return stat;
    };
    // A child may have a lower number than its parent.
    const std::vector<ProcStat> all{process(1, 0), process(2, 9), process(5, 2), process(7, 1), process(9, 7)};
    CHECK(tree_of(7, all) == std::vector<pid_t>{2, 5, 7, 9});
    CHECK(tree_of(5, all) == std::vector<pid_t>{5});
}

TEST_CASE("this process is among all, with its words", "[report][proc]")
{
    const auto got = command_lines(60s, [](std::vector<std::string> command) { return command; });
    CHECK(got.trouble.empty());
    std::string own = std::to_string(::getpid());
    for (const auto& word : command_of(::getpid())) own += ' ' + word;
    CHECK(("\n" + got.bytes).find("\n" + own + "\n") != std::string::npos);
}
