// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/command/command.h"

#include <catch2/catch.hpp>
#include <csignal>

using namespace std::chrono_literals;

namespace {
command::Outcome run(const std::vector<std::string>& argv, std::string_view input = {}, base::Duration timeout = 60s)
{
    auto outcome = command::run(argv, input, timeout);
    REQUIRE(outcome);
    return *outcome;
}
} // namespace

TEST_CASE("a command gets its input and gives its output and exit code", "[command]")
{
    const std::string input(300'000, 'x');
    const auto outcome = run({"sh", "-c", "cat; echo oops >&2; exit 3"}, input);
    CHECK(outcome.out == input);
    CHECK(outcome.err == "oops\n");
    CHECK(outcome.code == 3);
    CHECK_FALSE(outcome.good());
    CHECK(outcome.reason() == "exited with 3: oops");
}

TEST_CASE("a command that does not read its input is no hindrance", "[command]")
{
    CHECK(run({"true"}, std::string(3'000'000, 'x')).good());
}

TEST_CASE("a command that takes too long is killed with what it started", "[command]")
{
    const auto outcome = run({"sh", "-c", "echo started; sleep 1000 & sleep 1000"}, {}, 300ms);
    CHECK(outcome.timed_out);
    CHECK(outcome.signal == SIGKILL);
    CHECK(outcome.out == "started\n");
    CHECK(outcome.reason() == "did not end in time: started");
}

TEST_CASE("what a command leaves behind is not waited for", "[command]")
{
    const auto outcome = run({"sh", "-c", "echo $$; sleep 1000 & exit 0"});
    CHECK(outcome.good());
    ::kill(-std::stoi(outcome.out), SIGKILL);
}

TEST_CASE("a command that does not exist is an error", "[command]")
{
    const auto outcome = command::run({"/no/such/program"}, {}, 60s);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == std::errc::no_such_file_or_directory);
}
