// SPDX-License-Identifier: GPL-3.0-or-later
// The built processctl: records, lines and changes.
#include "tests/processd/ctl/answers.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <unistd.h>

using nlohmann::json;
using namespace test;
using Then = UnixServer::Then;
using Requests = std::vector<std::string>;

TEST_CASE("runs reads as many pages as it needs", "[ctl][program]")
{
    UnixServer server([&](UnixServer::Peer& peer) {
        json page{{"runs", {test::run(), test::run()}}, {"next", "T2"}};
        if (peer.target.find("after=T2") != std::string::npos) page = {{"runs", {test::run()}}, {"next", "T3"}};
        peer.reply(200, page.dump());
        return Then::keep;
    });
    const auto finished = processctl(server, {"runs", "-n", "3", "--name", "s h", "--since", "2h"});
    CHECK(finished.code == 0);
    CHECK(std::count(finished.out.begin(), finished.out.end(), '\n') == 5);
    CHECK_THAT(finished.out, Catch::EndsWith("… there are more: --limit, or --after T3\n"));
    CHECK(server.requests() ==
          Requests{"GET /v1/runs?limit=3&name=s%20h&since=2h", "GET /v1/runs?limit=1&name=s%20h&since=2h&after=T2"});
}

TEST_CASE("show tells what is known of each run", "[ctl][program]")
{
    UnixServer server([&](UnixServer::Peer& peer) {
        if (peer.target == "/v1/runs/a")
            peer.reply(200, test::run().dump());
        else
            problem(peer, 404, "not_found", "there is no run b");
        return Then::keep;
    });
    const auto finished = processctl(server, {"show", "a", "b", "a"});
    CHECK(finished.code == 1);
    CHECK_THAT(finished.out, Catch::StartsWith("run 01J0ABC: exited with code 3\n") && Catch::EndsWith("\\xff\n"));
    CHECK(finished.err == "processctl: there is no run b\n");
    CHECK(processctl(server, {"show", "a", "--json"}).out == test::run().dump());
}

TEST_CASE("logs -f goes on behind its last line over a restart of the manager", "[ctl][program]")
{
    std::atomic<int> connections{0};
    UnixServer server([&](UnixServer::Peer& peer) {
        const auto line = [&](const char* seq, const char* text) {
            peer.line(json{
                {"type", "line"},
                {"seq", seq},
                {"time", "2026-11-22T12:00:00.000000Z"},
                {"service", "smbd"},
                {"run", "r"},
                {"stream", "stdout"},
                {"text", text},
                {"partial", false},
                {"late",
                 false}}.dump());
        };
        peer.begin_stream();
        if (connections++ == 0) {
            line("7.1", "one");
            return Then::close;
        }
        peer.line(R"({"type":"gap","from":"7.1","to":"8.1","reason":"restarted"})");
        line("8.1", "two");
        peer.wait_for_close();
        return Then::close;
    });
    Program program({"logs", "-f", "--service", "smbd", "-n", "5"}, {"CTDB_PROCESSD_SOCKET=" + server.path()});
    program.wait_for_output("two");
    program.signal(SIGINT);
    const auto finished = program.finish();
    CHECK(finished.code == 130);
    CHECK_THAT(finished.out,
               Catch::Contains("smbd: one\n-- lines may be missing here: the daemon or its manager was restarted\n") &&
                   Catch::EndsWith("smbd: two\n"));
    CHECK(server.requests() == Requests{"GET /v1/logs?service=smbd&follow=1&limit=5",
                                        "GET /v1/logs?service=smbd&follow=1&after=7.1&limit=5"});
}

TEST_CASE("logs without -f prints a page", "[ctl][program]")
{
    const std::string page = R"({"lines":[{"type":"line","seq":"1.1","time":"2026-11-22T12:00:00Z","service":"smbd",)"
                             R"("run":"r","stream":"stderr","text":"x","partial":false,"late":false}],"next":"1.1"})";
    UnixServer server([&](UnixServer::Peer& peer) {
        peer.reply(200, page);
        return Then::keep;
    });
    CHECK_THAT(processctl(server, {"logs", "--run", "r"}).out, Catch::EndsWith("smbd! x\n"));
    CHECK(processctl(server, {"logs", "--json"}).out == page);
    // Since or until some time, all lines are asked for.
    (void)processctl(server, {"logs", "--since", "1h", "--until", "5m", "-g", "^a b"});
    (void)processctl(server, {"logs", "--since", "1h", "-n", "5"});
    CHECK(server.requests() == Requests{"GET /v1/logs?run=r", "GET /v1/logs",
                                        "GET /v1/logs?since=1h&until=5m&grep=%5Ea%20b&limit=1000000",
                                        "GET /v1/logs?since=1h&limit=5"});
}

TEST_CASE("watch prints a line per change; --json the lines as they are", "[ctl][program]")
{
    UnixServer server([&](UnixServer::Peer& peer) {
        peer.begin_stream();
        peer.line(json{{"type", "service"}, {"seq", "1.1"}, {"service", test::failing_service()}}.dump());
        peer.line(R"({"type":"snapshot_end","seq":"1.1"})");
        peer.line(R"({"type":"service_gone","seq":"1.2","name":"last"})");
        peer.wait_for_close();
        return Then::close;
    });
    Program table({"watch"}, {"CTDB_PROCESSD_SOCKET=" + server.path()});
    table.wait_for_output("service last is gone\n");
    Program bytes({"watch", "--json"}, {"CTDB_PROCESSD_SOCKET=" + server.path()});
    bytes.wait_for_output(R"({"type":"snapshot_end","seq":"1.1"})"
                          "\n"
                          R"({"type":"service_gone","seq":"1.2","name":"last"})"
                          "\n");
}
