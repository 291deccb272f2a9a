// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/arguments.h"
#include "processd/ctl/exit_code.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <sstream>

using namespace processd::ctl;
using namespace std::chrono_literals;

namespace {

struct Parsed {
    std::variant<Options, int> result;
    std::string out, err;

    [[nodiscard]] const Options& options() const { return std::get<Options>(result); }
    [[nodiscard]] int code() const { return std::get<int>(result); }
};

Parsed parse(std::vector<const char*> words)
{
    words.insert(words.begin(), "processctl");
    std::ostringstream out, err;
    auto* const old_out = std::cout.rdbuf(out.rdbuf());
    auto* const old_err = std::cerr.rdbuf(err.rdbuf());
    auto result = parse_arguments(static_cast<int>(words.size()), words.data(), "1.2.3");
    std::cout.rdbuf(old_out);
    std::cerr.rdbuf(old_err);
    return {std::move(result), out.str(), err.str()};
}

} // namespace

TEST_CASE("add takes a command behind --, or a file", "[ctl][arguments]")
{
    const auto add = parse({"--json", "add", "web", "--start", "manual", "--", "run", "--json", "--", "x"}).options();
    CHECK(add.command == Command::add);
    CHECK(add.json);
    CHECK(add.names == std::vector<std::string>{"web"});
    CHECK(add.start == "manual");
    CHECK(add.declared == std::vector<std::string>{"run", "--json", "--", "x"});
    CHECK(parse({"add", "web", "-f", "-"}).options().file == "-");
    CHECK(parse({"add", "web"}).code() == exit_usage);
    CHECK(parse({"add", "web", "--"}).code() == exit_usage);
    CHECK(parse({"add", "web", "--file", "x.toml", "--", "x"}).code() == exit_usage);
    CHECK(parse({"add", "web", "--file", "x.toml", "--start", "auto"}).code() == exit_usage);
    CHECK(parse({"remove", "a", "b", "--no-wait"}).options().names == std::vector<std::string>{"a", "b"});
    CHECK(parse({"remove"}).code() == exit_usage);
}

TEST_CASE("commands and global options are understood in any order", "[ctl][arguments]")
{
    ::unsetenv("CTDB_PROCESSD_SOCKET");
    CHECK(parse({"status"}).options().socket == "/run/ctdb-processd/api.socket");
    CHECK(parse({"--socket", "/s", "status"}).options().socket == "/s");
    CHECK(parse({"status", "a", "b", "--json", "--socket=/s"}).options().names == std::vector<std::string>{"a", "b"});
    ::setenv("CTDB_PROCESSD_SOCKET", "/env", 1);
    CHECK(parse({"watch"}).options().socket == "/env");
    CHECK(parse({"watch", "--socket", "/s"}).options().socket == "/s");
    ::unsetenv("CTDB_PROCESSD_SOCKET");
    const auto stop = parse({"stop", "smbd", "--timeout", "5s", "--no-wait"});
    CHECK(stop.options().command == Command::stop);
    CHECK(stop.options().timeout == 5s);
    CHECK_FALSE(stop.options().wait);
    const auto signal = parse({"signal", "HUP", "smbd", "ctdbd", "--scope", "tree"});
    CHECK(signal.options().signal == "HUP");
    CHECK(signal.options().names == std::vector<std::string>{"smbd", "ctdbd"});
    CHECK(signal.options().scope == "tree");
    CHECK(parse({"logs", "-f", "-s", "smbd", "-n", "5", "--after", "10m"}).options().logs.limit == 5U);
    const auto found = parse({"logs", "--since", "1h", "--until", "2026-01-31T12:00:00Z", "-g", "a b"}).options().logs;
    CHECK(found.since == "1h");
    CHECK(found.until == "2026-01-31T12:00:00Z");
    CHECK(found.grep == "a b");
    CHECK(parse({"runs", "--outcome", "timed_out", "--min-duration", "2s"}).options().list.outcome == "timed_out");
    CHECK(parse({"show", "x", "-n", "0"}).options().lines == 0);
}

TEST_CASE("the words of run's command are left alone", "[ctl][arguments]")
{
    const auto command = [](std::vector<const char*> words) { return parse(std::move(words)).options().run.command; };
    using Words = std::vector<std::string>;
    CHECK(command({"run", "ls", "-l", "--json"}) == Words{"ls", "-l", "--json"});
    CHECK(command({"run", "--", "ls", "--", "x"}) == Words{"ls", "--", "x"});
    CHECK(command({"run", "--", "-odd"}) == Words{"-odd"});
    CHECK(command({"run", "--user", "nobody", "status"}) == Words{"status"});
    CHECK(command({"run", "-unobody", "--json", "run", "run"}) == Words{"run", "run"});
    CHECK(command({"--socket", "/s", "--json", "run", "--socket", "/t", "--timeout=5s", "sh", "-c", "x"}) ==
          Words{"sh", "-c", "x"});
    CHECK(command({"run", "-d", "ls"}) == Words{"ls"});
    CHECK_FALSE(parse({"run", "ls", "--json"}).options().json);
    CHECK(parse({"run", "--json", "ls"}).options().json);
}

TEST_CASE("every property of a run has an option", "[ctl][arguments]")
{
    const auto parsed = parse({"run",
                               "--id",
                               "x",
                               "--user",
                               "u",
                               "--group",
                               "g",
                               "--groups",
                               "a,b",
                               "--cwd",
                               "/tmp",
                               "-e",
                               "A=1",
                               "-e",
                               "B=x=y",
                               "--env-file",
                               "/f",
                               "--umask",
                               "027",
                               "--nice",
                               "-5",
                               "--io-class",
                               "idle",
                               "--io-level",
                               "3",
                               "--scheduler",
                               "rr",
                               "--priority",
                               "9",
                               "--cpus",
                               "0,2-4",
                               "--oom-score-adj",
                               "-100",
                               "--limit",
                               "nofile=5",
                               "--limit",
                               "core=0:unlimited",
                               "--ring-bytes",
                               "131072",
                               "--spawn-timeout",
                               "2s",
                               "--timeout",
                               "1m",
                               "--stop-timeout",
                               "0s",
                               "--stdin",
                               "-",
                               "cmd"});
    const auto& run = parsed.options().run;
    CHECK(run.id == "x");
    CHECK(run.user == "u");
    CHECK(run.groups == std::vector<std::string>{"a", "b"});
    CHECK(run.environment == std::map<std::string, std::string>{{"A", "1"}, {"B", "x=y"}});
    CHECK(run.umask == 027);
    CHECK(run.nice == -5);
    CHECK(run.cpus == std::vector<std::uint32_t>{0, 2, 3, 4});
    CHECK(run.oom_score_adj == -100);
    CHECK(run.limits == std::map<std::string, std::string>{{"core", "0:unlimited"}, {"nofile", "5"}});
    CHECK(run.timeout == 1min);
    CHECK(run.stop_timeout == 0ms);
    CHECK(run.stdin_file == "-");
    CHECK(run.command == std::vector<std::string>{"cmd"});
}

TEST_CASE("usage errors are one sentence; of run they have its own code", "[ctl][arguments]")
{
    struct Row {
        std::vector<const char*> words;
        int code;
        const char* says;
    };
    for (const auto& row : std::vector<Row>{
             {{}, exit_usage, "no command is given; there are status,"},
             {{"statu"}, exit_usage, "there is no command \"statu\"; did you mean \"status\"?"},
             {{"xyzzy"}, exit_usage, "there is no command \"xyzzy\"; there are status,"},
             {{"job"}, exit_usage, "no command job is given; there are list, show, run"},
             {{"job", "rnu", "x"}, exit_usage, "there is no command \"job rnu\"; did you mean \"job run\"?"},
             {{"start"}, exit_usage, "NAME is required"},
             {{"start"}, exit_usage, "NAME is required"},
             {{"start", "a", "--timeout", "5"}, exit_usage, "\"5\" is not a duration"},
             {{"signal", "HUP", "a", "--scope", "all"}, exit_usage, "--scope"},
             {{"status", "--nope"}, exit_usage, "--nope"},
             {{"show"}, exit_usage, "ID is required"},
             {{"runs", "-n", "0"}, exit_usage, "--limit"},
             {{"logs", "-n", "many"}, exit_usage, "--limit"},
             {{"logs", "-f", "--until", "1h"}, exit_usage, "--until"},
             {{"run"}, exit_ours, "run needs a command"},
             {{"run", "--"}, exit_ours, "run needs a command"},
             {{"run", "--nope", "ls"}, exit_ours, "--nope"},
             {{"run", "--timeout", "1", "ls"}, exit_ours, "is not a duration"},
             {{"run", "--env", "A", "ls"}, exit_ours, "is not NAME=VALUE"},
             {{"run", "--limit", "nofile", "ls"}, exit_ours, "is not a limit"},
             {{"run", "--limit", "nofile=1:x", "ls"}, exit_ours, "is not a limit"},
             {{"run", "--limit", "nofile=99999999999999999999999", "ls"}, exit_ours, "is not a limit"},
             {{"run", "--umask", "8", "ls"}, exit_ours, "is not a umask"},
             {{"run", "--cpus", "1-", "ls"}, exit_ours, "is not a list of CPUs"},
             {{"run", "--cpus", "4-2", "ls"}, exit_ours, "is not a list of CPUs"},
             {{"run", "--cpus", "1,", "ls"}, exit_ours, "is not a list of CPUs"},
             {{"run", "--cpus", "9999", "ls"}, exit_ours, "is not a list of CPUs"},
             {{"run", "--nice", "x", "ls"}, exit_ours, "--nice"},
         }) {
        CAPTURE(row.words);
        const auto parsed = parse(row.words);
        REQUIRE(std::holds_alternative<int>(parsed.result));
        CHECK(parsed.code() == row.code);
        CHECK(parsed.out.empty());
        CHECK(parsed.err.starts_with("processctl: "));
        CHECK_THAT(parsed.err, Catch::Contains(row.says));
    }
}

TEST_CASE("help and version are asked for and succeed", "[ctl][arguments]")
{
    CHECK(parse({"--help"}).code() == 0);
    CHECK_THAT(parse({"run", "--help"}).out, Catch::Contains("--stop-timeout DURATION"));
    CHECK(parse({"--version"}).out == "processctl 1.2.3\n");
}
