// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/proc.h"
#include "processd/supervisor/usage.h"

#include <catch2/catch.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace processd;
using namespace processd::supervisor;
using namespace std::chrono_literals;

TEST_CASE("a line of /proc/PID/stat, with anything in the name of the command", "[supervisor][usage]")
{
    const auto stat = proc::parse_stat(
        "42 (a ) b) S 7 42 41 0 -1 4194560 1 2 3 4 100 50 25 25 20 0 1 0 999 8192 3 18446744073709551615\n", 100, 4096);
    CHECK(stat == proc::Stat{42, 7, 41, 2s, 3 * 4096});
    CHECK(!proc::parse_stat("42 (a) S 7 42", 100, 4096));
    CHECK(!proc::parse_stat("", 100, 4096));
}

TEST_CASE("what cgroup files say", "[supervisor][usage]")
{
    CHECK(proc::parse_cpu_stat("usage_usec 1500000\nuser_usec 1\n") == base::Duration{1500ms});
    CHECK(proc::parse_cpu_stat("x 1\nusage_usec 7\n") == base::Duration{7us});
    CHECK(!proc::parse_cpu_stat("user_usec 1\n"));
    CHECK(proc::parse_cgroup("9:cpu:/a\n0::/b/c3\n") == "/b/c3");
    CHECK(proc::parse_cgroup("9:cpu:/a\n").empty());
}

TEST_CASE("without cgroups a service is what descends from its main process or is in its session",
          "[supervisor][usage]")
{
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t leader = ::fork();
    if (leader == 0) {
        ::setsid();
        if (::fork() == 0 && ::fork() != 0) ::_exit(0); // an orphan of this session, and a child
        if (::write(ready[1], "", 1) != 1) ::_exit(1);
        ::pause();
        ::_exit(0);
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1); // of the leader or of the orphan
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    const auto usages = read_usages({{"web", leader}, {"other", 1}}, "", ::getpid());
    ::kill(-leader, SIGKILL);
    ::waitpid(leader, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    REQUIRE(usages.size() == 1); // pid 1 is no child of this process
    const auto& used = usages.at("web");
    CHECK(used.processes >= 2); // and a zombie, until its parent waits
    CHECK(used.open_fds >= 10);
    CHECK(used.resident_bytes > 0);
    CHECK(!used.cpu.cgroup);
}

TEST_CASE("a reading that takes too long is done without, and what is asked meanwhile gets its answer",
          "[supervisor][usage]")
{
    loop::Loop loop;
    Usage usage(loop, "", ::getpid());
    int answers = 0;
    bool late = false;
    usage.read({}, 0ms, [&](const std::optional<Usages>& usages) {
        ++answers;
        late = !usages;
        usage.read({}, 60s, [&](const std::optional<Usages>& again) {
            ++answers;
            CHECK(again.has_value());
            loop.stop();
        });
    });
    loop.run();
    CHECK(answers == 2);
    (void)late; // either may come first
}
