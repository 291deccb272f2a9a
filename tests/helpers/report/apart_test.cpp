// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/unique_fd.h"
#include "helpers/report/apart.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <dirent.h>
#include <unistd.h>

using namespace report;
using namespace std::chrono_literals;

namespace {

constexpr auto long_enough = 60s;

} // namespace

TEST_CASE("work apart gives its bytes", "[report][apart]")
{
    const auto got = apart(long_enough, 100, [](int out) { return put(out, "bytes") ? 0 : 1; });
    CHECK(got.bytes == "bytes");
    CHECK(got.trouble.empty());
}

TEST_CASE("work apart that fails says why", "[report][apart]")
{
    CHECK(apart(long_enough, 100, [](int) { return EACCES; }).trouble == "Permission denied");
    CHECK(apart(long_enough, 100, [](int) { return ::raise(SIGKILL); }).trouble == "ended by Killed");
}

TEST_CASE("work apart that hangs is ended, and what it gave is kept", "[report][apart]")
{
    const auto got = apart(200ms, 100, [](int out) {
        put(out, "some");
        for (;;) ::pause();
        return 0;
    });
    CHECK(got.bytes == "some");
    CHECK(got.trouble == "did not end within 200ms");
}

TEST_CASE("work apart that says too much is cut", "[report][apart]")
{
    const auto got = apart(long_enough, 10, [](int out) {
        while (put(out, "0123456")) {}
        return 0;
    });
    CHECK(got.bytes == "0123456012");
    CHECK(got.trouble == "cut at 10 bytes");
}

TEST_CASE("work apart has nothing of ours", "[report][apart]")
{
    const base::UniqueFd one{::dup(STDOUT_FILENO)}, two{::dup(STDOUT_FILENO)};
    const auto got = apart(long_enough, 100, [](int out) {
        int highest = 0;
        for (int fd = 0; fd < 1000; ++fd)
            if (::dup2(fd, 2000) >= 0) highest = fd;
        return put(out, std::to_string(highest)) ? 0 : 1;
    });
    CHECK(got.bytes == "3");
}

TEST_CASE("a program's output counts whatever it ends with", "[report][apart]")
{
    CHECK(apart(long_enough, 100, {"/bin/sh", "-c", "echo out; exit 3"}).bytes == "out\n");
    CHECK(apart(long_enough, 100, {"/bin/sh", "-c", "echo out; exit 3"}).trouble.empty());
    CHECK_FALSE(apart(long_enough, 100, {"/bin/sh", "-c", "exit 3"}).trouble.empty());
    CHECK(apart(long_enough, 100, {"/nowhere/program"}).trouble == "cannot be executed");
    CHECK(apart(long_enough, 100, {"/bin/sh", "-c", "echo out; kill -KILL $$"}).trouble == "ended by Killed");
}
