// SPDX-License-Identifier: GPL-3.0-or-later
// The built processctl: a run and its exit code, output and signals.
#include "tests/processd/ctl/answers.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <set>
#include <unistd.h>

using nlohmann::json;
using namespace test;
using Then = UnixServer::Then;
using Requests = std::vector<std::string>;

TEST_CASE("a run's output comes out as its own, byte for byte, and so does its code", "[ctl][run]")
{
    std::string body;
    UnixServer server([&](UnixServer::Peer& peer) {
        body = peer.body;
        peer.begin_stream();
        peer.line(run_line("1.1", running));
        peer.line(output("1.2", "stdout", "out\x1b[0m\n"));
        peer.line(output("1.3", "stderr", "err"));
        peer.line(R"({"type":"output","seq":"1.4","stream":"stdout","base64":"/wD+"})");
        peer.line(R"({"type":"gap","from":"1.4","to":"1.9","reason":"dropped","bytes":7})");
        peer.line(R"({"type":"novel"})");
        peer.line(run_line("1.10", "{}"));
        peer.end_stream();
        return Then::keep;
    });
    const auto finished = processctl(server,
                                     {"run", "--id", "x:1", "--env", "A=1", "--timeout", "30s", "--limit",
                                      "core=0:unlimited", "--stdin", "-", "--", "/bin/sh", "-c", "exit 3"},
                                     std::string("in\0put", 6));
    CHECK(finished.code == 3);
    CHECK(finished.out == std::string("out\x1b[0m\n\xff\0\xfe", 11));
    CHECK(finished.err == "errprocessctl: -- 7 B are missing here: they were overwritten before they could be read\n");
    CHECK(server.requests() == Requests{"PUT /v1/runs/x:1"});
    CHECK(json::parse(body) == json{{"command", {"/bin/sh", "-c", "exit 3"}},
                                    {"environment", {{"A", "1"}}},
                                    {"timeout_ms", 30000},
                                    {"limits", {{"core", {{"soft", 0}, {"hard", "unlimited"}}}}},
                                    {"stdin_base64", "aW4AcHV0"}});
}

TEST_CASE("a run goes on behind the last output when the connection is lost", "[ctl][run]")
{
    std::atomic<int> connections{0};
    std::vector<std::string> bodies;
    UnixServer server([&](UnixServer::Peer& peer) {
        bodies.push_back(peer.body);
        const int n = connections++;
        if (n == 0 || n == 2) return Then::close; // a manager that ends, one that has not begun
        peer.begin_stream();
        if (n == 1) {
            peer.line(run_line("1.1", running));
            peer.line(output("1.2", "stdout", "one "));
            return Then::close;
        }
        peer.line(run_line("1.3", running));
        peer.line(output("1.4", "stdout", "two\n"));
        peer.line(run_line("1.5", R"({"code":0})"));
        return Then::keep;
    });
    const auto finished = processctl(server, {"run", "true"});
    CHECK(finished.code == 0);
    CHECK(finished.out == "one two\n");
    CHECK(finished.err.empty());
    const auto requests = server.requests();
    REQUIRE(requests.size() == 4);
    CHECK_THAT(requests[0], Catch::Matches("PUT /v1/runs/ctl-[0-9]{8}-[0-9]{6}-[0-9a-z]{8}"));
    CHECK(requests[1] == requests[0]);
    CHECK(requests[2] == requests[0] + "?after=1.2");
    CHECK(requests[3] == requests[2]);
    CHECK(std::set<std::string>(bodies.begin(), bodies.end()).size() == 1);
}

TEST_CASE("a run that has ended while nobody was there still has its output to tell", "[ctl][run]")
{
    std::atomic<int> connections{0};
    UnixServer server([&](UnixServer::Peer& peer) {
        peer.begin_stream();
        if (connections++ == 0) {
            peer.line(run_line("1.0", running));
            peer.line(output("1.1", "stdout", "one "));
            return Then::close;
        }
        peer.line(run_line("1.1", R"({"code":4})"));
        peer.line(output("1.2", "stdout", "two\n"));
        peer.line(run_line("1.2", R"({"code":4})"));
        return Then::keep;
    });
    const auto finished = processctl(server, {"run", "true"});
    CHECK(finished.code == 4);
    CHECK(finished.out == "one two\n");
}

TEST_CASE("Ctrl-C cancels the run and waits for its end", "[ctl][run]")
{
    std::atomic<bool> cancelled{false};
    UnixServer server([&](UnixServer::Peer& peer) {
        if (peer.method == "DELETE") {
            cancelled = true;
            cancelled.notify_all();
            peer.reply(202, test::run().dump());
            return Then::keep;
        }
        peer.begin_stream();
        peer.line(run_line("1.1", running));
        peer.line(output("1.2", "stdout", "begun\n"));
        cancelled.wait(false);
        peer.line(output("1.3", "stdout", "cleaned up\n"));
        peer.line(run_line("1.4", R"({"outcome":"cancelled","code":0})"));
        return Then::keep;
    });
    for (const int signal : {SIGINT, SIGTERM}) {
        cancelled = false;
        Program program({"run", "--id", "x", "sleep", "100"}, {"CTDB_PROCESSD_SOCKET=" + server.path()});
        program.wait_for_output("begun");
        program.signal(signal);
        const auto finished = program.finish();
        CHECK(finished.code == 130);
        CHECK(finished.out == "begun\ncleaned up\n");
        CHECK(server.requests().back() == "DELETE /v1/runs/x");
    }
}

TEST_CASE("a second Ctrl-C leaves at once", "[ctl][run]")
{
    std::atomic<bool> cancelled{false};
    UnixServer server([&](UnixServer::Peer& peer) {
        if (peer.method == "DELETE") {
            peer.reply(202, test::run().dump());
            cancelled = true;
            cancelled.notify_all();
            return Then::keep;
        }
        peer.begin_stream();
        peer.line(output("1.2", "stdout", "begun\n"));
        cancelled.wait(false);
        peer.line(output("1.3", "stdout", "asked\n"));
        peer.wait_for_close();
        return Then::close;
    });
    Program program({"run", "--id", "x", "sleep", "100"}, {"CTDB_PROCESSD_SOCKET=" + server.path()});
    program.wait_for_output("begun");
    program.signal(SIGINT);
    program.wait_for_output("asked");
    program.signal(SIGINT);
    const auto finished = program.finish();
    CHECK(finished.code == 130);
    CHECK(finished.err == "processctl: not waiting for run x, which is being cancelled\n");
}

TEST_CASE("a run whose output nobody reads any more is cancelled", "[ctl][run]")
{
    std::atomic<bool> cancelled{false};
    UnixServer server([&](UnixServer::Peer& peer) {
        if (peer.method == "DELETE") {
            cancelled = true;
            cancelled.notify_all();
            peer.reply(202, test::run().dump());
            return Then::keep;
        }
        peer.begin_stream();
        peer.line(output("1.2", "stdout", "into the void\n"));
        cancelled.wait(false);
        peer.line(output("1.3", "stdout", "more\n"));
        peer.line(run_line("1.4", R"({"outcome":"cancelled"})"));
        return Then::keep;
    });
    Program program({"run", "--id", "x", "yes"}, {"CTDB_PROCESSD_SOCKET=" + server.path()}, {},
                    Program::Output::closed);
    const auto finished = program.finish();
    CHECK(finished.code == 125);
    CHECK(finished.err == "processctl: cannot write the command's output: Broken pipe\n");
    CHECK(cancelled);
}

TEST_CASE("what is not the command's fault is 125", "[ctl][run]")
{
    UnixServer server([&](UnixServer::Peer& peer) {
        problem(peer, 409, "conflict", "run x exists with another body");
        return Then::keep;
    });
    const auto refused = processctl(server, {"run", "--id", "x", "true"});
    CHECK(refused.code == 125);
    CHECK(refused.err == "processctl: run x exists with another body\n");
    CHECK(processctl(server, {"run", "-d", "true"}).code == 125);
    const auto large = processctl(server, {"run", "--stdin", "-", "cat"}, std::string((1U << 20U) + 1, 'x'));
    CHECK(large.code == 125);
    CHECK(large.err == "processctl: --stdin - is larger than 1 MiB, which is the most a run can be given\n");
    CHECK(processctl(server, {"run", "--stdin", "/nonexistent", "cat"}).err ==
          "processctl: cannot open /nonexistent for --stdin: No such file or directory\n");
    CHECK(processctl(server, {"run", "\xff"}).err == "processctl: the command and the options must be UTF-8\n");
    server.stop_listening();
    const auto down = processctl(server, {"run", "true"});
    CHECK(down.code == 125);
    CHECK_THAT(down.err, Catch::Contains("(is ctdb-processd running?)"));
}

TEST_CASE("how a run ended is the exit code; what the output does not show is said", "[ctl][run]")
{
    std::string patch;
    UnixServer server([&](UnixServer::Peer& peer) {
        peer.begin_stream();
        peer.line(run_line("1.3", running));
        peer.line(run_line("1.4", patch.c_str()));
        return Then::keep;
    });
    patch = R"({"outcome":"signaled","code":null,"signal":"SIGKILL"})";
    const auto killed = processctl(server, {"run", "--id", "x", "sh"});
    CHECK(killed.code == 137);
    CHECK(killed.err == "processctl: run x killed by SIGKILL\n");
    patch =
        R"({"outcome":"spawn_failed","code":null,"stage":"prepare","errno":null,"reason":"there is no user \"x\""})";
    const auto nobody = processctl(server, {"run", "--id", "x", "--user", "x", "ls"});
    CHECK(nobody.code == 125);
    CHECK(nobody.err == "processctl: run x could not start: prepare: there is no user \"x\"\n");
    patch = R"({"outcome":"spawn_failed","code":null,"stage":"exec","errno":2})";
    const auto missing = processctl(server, {"run", "--id", "x", "nope"});
    CHECK(missing.code == 127);
    CHECK(missing.err == "processctl: run x could not start: exec: No such file or directory\n");
    patch = R"({"outcome":"timed_out","code":null,"signal":"SIGTERM"})";
    CHECK(processctl(server, {"run", "sleep"}).code == 124);
    patch = R"({"code":77})";
    const auto exited = processctl(server, {"run", "sh"});
    CHECK(exited.code == 77);
    CHECK(exited.err.empty());
}

TEST_CASE("a detached run prints its id", "[ctl][run]")
{
    UnixServer server([&](UnixServer::Peer& peer) {
        peer.reply(202, test::run().dump());
        return Then::keep;
    });
    CHECK(processctl(server, {"run", "-d", "--id", "x", "sleep", "9"}).out == "x\n");
    CHECK(processctl(server, {"run", "-d", "--json", "sleep", "9"}).out == test::run().dump());
}
