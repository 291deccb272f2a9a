// SPDX-License-Identifier: GPL-3.0-or-later
// The built processctl against a server that answers as docs/openapi.yaml says.
#include "tests/helpers/client/unix_server.h"
#include "tests/processd/ctl/program.h"
#include "tests/processd/ctl/samples.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <set>
#include <unistd.h>

using nlohmann::json;
using test::Finished;
using test::Program;
using test::UnixServer;
using Then = UnixServer::Then;
using Requests = std::vector<std::string>;

namespace {

Finished processctl(const UnixServer& server, std::vector<std::string> arguments, std::string_view input = {})
{
    return Program(std::move(arguments), {"CTDB_PROCESSD_SOCKET=" + server.path()}, input).finish();
}

void problem(const UnixServer::Peer& peer, int status, const char* kind, const char* detail)
{
    peer.reply(status, json{{"status", status}, {"kind", kind}, {"detail", detail}}.dump(), "application/problem+json");
}

json operation(const char* state, json result, const char* reason = "")
{
    auto j = test::operation();
    j["state"] = state;
    j["result"] = std::move(result);
    j["reason"] = reason;
    return j;
}

std::string output(const char* seq, const char* stream, const std::string& text)
{
    return json{{"type", "output"}, {"seq", seq}, {"stream", stream}, {"text", text}, {"late", false}}.dump();
}

std::string run_line(const char* seq, const char* patch)
{
    auto run = test::run();
    run.merge_patch(json::parse(patch));
    return json{{"type", "run"}, {"seq", seq}, {"run", run}}.dump();
}

const char* const running = R"({"state":"running","outcome":null,"code":null})";

} // namespace

TEST_CASE("status shows the daemon and its services; --json shows the bytes", "[ctl][program]")
{
    const std::string services =
        json{{"services", {test::failing_service(), test::service()}}, {"next", nullptr}}.dump(1);
    UnixServer server([&](UnixServer::Peer& peer) {
        if (peer.target == "/v1/system") peer.reply(200, test::system().dump());
        if (peer.target == "/v1/services") peer.reply(200, services);
        return Then::keep;
    });
    const auto table = processctl(server, {"status"});
    CHECK(table.code == 0);
    CHECK(table.err.empty());
    CHECK_THAT(table.out, Catch::StartsWith("ctdb-processd 0.1.0, up "));
    CHECK_THAT(table.out, Catch::Contains("\nganesha  backoff") && Catch::Contains("cannot open \\x1b[2Jx\n"));
    CHECK(processctl(server, {"status", "--json"}).out == services);
    CHECK(server.connections() == 2);
}

TEST_CASE("a terminal gets colour and no line longer than it is wide, unless NO_COLOR", "[ctl][program]")
{
    UnixServer server([&](UnixServer::Peer& peer) {
        auto service = test::failing_service();
        service["reason"] = std::string(200, 'x');
        peer.reply(200, peer.target == "/v1/system" ? test::system().dump() : json{{"services", {service}}}.dump());
        return Then::keep;
    });
    const std::string socket = "CTDB_PROCESSD_SOCKET=" + server.path();
    const auto coloured = Program({"status"}, {socket, "TERM=xterm"}, {}, Program::Output::terminal).finish();
    CHECK_THAT(coloured.out, Catch::Contains("\x1b[1;31mbackoff\x1b[0m"));
    const auto plain =
        Program({"status"}, {socket, "TERM=xterm", "NO_COLOR=1"}, {}, Program::Output::terminal).finish();
    CHECK_THAT(plain.out, !Catch::Contains("\x1b"));
    CHECK_THAT(plain.out, Catch::Contains("xxx…\r\n"));
    CHECK_THAT(Program({"status"}, {socket, "TERM=dumb"}, {}, Program::Output::terminal).finish().out,
               !Catch::Contains("\x1b"));
}

TEST_CASE("status of named services fails unless all are ready", "[ctl][program]")
{
    UnixServer server([&](UnixServer::Peer& peer) {
        if (peer.target == "/v1/services/smbd")
            peer.reply(200, test::service().dump());
        else if (peer.target == "/v1/services/ganesha")
            peer.reply(200, test::failing_service().dump());
        else
            problem(peer, 404, "not_found", "there is no service \"smb\"; did you mean \"smbd\"?");
        return Then::keep;
    });
    CHECK(processctl(server, {"status", "smbd"}).code == 0);
    const auto both = processctl(server, {"status", "ganesha", "smbd"});
    CHECK(both.code == 1);
    CHECK_THAT(both.out, Catch::Contains("ganesha is backoff") && Catch::Contains("\n\nsmbd is ready"));
    const auto unknown = processctl(server, {"status", "smb", "smbd"});
    CHECK(unknown.code == 1);
    CHECK(unknown.err == "processctl: there is no service \"smb\"; did you mean \"smbd\"?\n");
    CHECK_THAT(unknown.out, Catch::StartsWith("smbd is ready"));
}

TEST_CASE("start asks for all services first and then waits for each", "[ctl][program]")
{
    std::atomic<int> polls{0};
    UnixServer server([&](UnixServer::Peer& peer) {
        if (peer.method == "POST")
            peer.reply(202, operation("pending", nullptr).dump());
        else if (polls++ == 0)
            peer.reply(202, operation("running", nullptr).dump());
        else
            peer.reply(200, operation("done", "ok").dump());
        return Then::keep;
    });
    const auto finished = processctl(server, {"start", "smbd", "win@bindd"});
    CHECK(finished.code == 0);
    CHECK(finished.out == "smbd restarted in 2.50s\nsmbd restarted in 2.50s\n");
    CHECK(server.requests() == Requests{"POST /v1/services/smbd/start", "POST /v1/services/win@bindd/start",
                                        "GET /v1/operations/01J0OP?wait=30s", "GET /v1/operations/01J0OP?wait=30s",
                                        "GET /v1/operations/01J0OP?wait=30s"});
}

TEST_CASE("a change that fails says why, with the service's last words", "[ctl][program]")
{
    UnixServer server([&](UnixServer::Peer& peer) {
        if (peer.method == "POST") peer.reply(200, operation("done", "failed", "it is not ready after 1m").dump());
        if (peer.method == "GET") peer.reply(200, test::failing_service().dump());
        return Then::keep;
    });
    const auto finished = processctl(server, {"restart", "smbd"});
    CHECK(finished.code == 1);
    CHECK(finished.out.empty());
    CHECK_THAT(finished.err, Catch::StartsWith("processctl: restart of smbd failed: it is not ready after 1m\n") &&
                                 Catch::Contains("exited with code 3, ") &&
                                 Catch::Contains(" err cannot open \\x1b[2Jx\n"));
    const auto bytes = processctl(server, {"restart", "smbd", "--json"});
    CHECK(bytes.code == 1);
    CHECK(bytes.out == operation("done", "failed", "it is not ready after 1m").dump());
}

TEST_CASE("waiting for a change ends at --timeout, or does not begin with --no-wait", "[ctl][program]")
{
    UnixServer server([&](UnixServer::Peer& peer) {
        peer.reply(202, operation("running", nullptr).dump());
        return Then::keep;
    });
    const auto late = processctl(server, {"stop", "smbd", "--timeout", "1ms"});
    CHECK(late.code == 3);
    CHECK(late.err == "processctl: restart of smbd is not done yet and goes on as operation 01J0OP\n");
    const auto asked = processctl(server, {"stop", "smbd", "--no-wait"});
    CHECK(asked.code == 0);
    CHECK(asked.out == "restart of smbd goes on, operation 01J0OP\n");
}

TEST_CASE("waiting for a change survives a restart of the manager", "[ctl][program]")
{
    std::atomic<int> polls{0}, posts{0};
    UnixServer server([&](UnixServer::Peer& peer) {
        if (peer.method == "POST") {
            if (posts++ == 0) return Then::close;
            peer.reply(202, operation("running", nullptr).dump());
            return Then::keep;
        }
        if (polls++ < 2) return Then::close;
        if (polls == 3)
            problem(peer, 503, "unavailable", "the start is not finished");
        else
            peer.reply(200, operation("done", "ok").dump());
        return Then::keep;
    });
    CHECK(processctl(server, {"start", "smbd"}).code == 0);
    CHECK(polls == 4);
    posts = 0;
    polls = 3;
    CHECK(processctl(server, {"restart", "smbd"}).code == 125); // it may have been done
    CHECK(posts == 1);
}

TEST_CASE("a daemon that stops says so at once", "[ctl][program]")
{
    UnixServer server([&](UnixServer::Peer& peer) {
        problem(peer, 503, "unavailable", "the daemon is stopping");
        return Then::keep;
    });
    for (const auto& words : std::vector<std::vector<std::string>>{{"status"}, {"start", "smbd"}, {"watch"}}) {
        const auto finished = processctl(server, words);
        CHECK(finished.code == 1);
        CHECK(finished.err == "processctl: the daemon is stopping\n");
    }
    CHECK(server.connections() == 3);
}

TEST_CASE("signal sends its body", "[ctl][program]")
{
    std::string body;
    UnixServer server([&](UnixServer::Peer& peer) {
        body = peer.body;
        peer.reply(200, operation("done", "ok").dump());
        return Then::keep;
    });
    CHECK(processctl(server, {"signal", "HUP", "smbd", "--scope=group"}).code == 0);
    CHECK(json::parse(body) == json{{"signal", "HUP"}, {"scope", "group"}});
}

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

TEST_CASE("reload shows what applies when, or all that is wrong", "[ctl][program]")
{
    std::atomic<bool> wrong{false};
    UnixServer server([&](UnixServer::Peer& peer) {
        if (wrong)
            peer.reply(422, R"({"kind":"bad_config","detail":"2 errors in /etc/x; nothing was changed","errors":[
                {"file":"smbd.toml","line":3,"key":"nic","message":"no key \"nic\""},
                {"file":"x.toml","line":null,"key":null,"message":"cannot be read"}]})",
                       "application/problem+json");
        else
            peer.reply(200, R"({"loaded":"2026-11-22T12:00:00Z","changes":[
                {"service":"smbd","applies":"next_start","keys":["service.nice","service.user"]},
                {"service":null,"applies":"now","keys":["daemon.log_level"]}]})");
        return Then::keep;
    });
    const auto changes = processctl(server, {"reload"});
    CHECK(changes.code == 0);
    CHECK(changes.out == "SERVICE   APPLIES            KEYS\n"
                         "smbd      at the next start  service.nice, service.user\n"
                         "(daemon)  in force now       daemon.log_level\n");
    wrong = true;
    const auto refused = processctl(server, {"reload"});
    CHECK(refused.code == 1);
    CHECK(refused.err == "processctl: 2 errors in /etc/x; nothing was changed\n"
                         "  smbd.toml:3: no key \"nic\"\n"
                         "  x.toml: cannot be read\n");
}

TEST_CASE("plan shows which files differ and what a reload would do", "[ctl][program]")
{
    std::string reply = R"({"files":[],"changes":[]})";
    UnixServer server([&](UnixServer::Peer& peer) {
        peer.reply(200, reply);
        return Then::keep;
    });
    CHECK(processctl(server, {"plan"}).out == "the configuration on disk is the one in force\n");
    reply = R"({"files":[{"path":"/c/smbd.toml","change":"changed"}],"changes":[]})";
    CHECK(processctl(server, {"plan"}).out == "FILE          SINCE IT WAS LOADED\n"
                                              "/c/smbd.toml  changed\n"
                                              "\n"
                                              "a reload would change nothing: the values are the same\n");
    reply = R"({"files":[{"path":"/c/smbd.toml","change":"added"}],"changes":[
                {"service":"smbd","applies":"added","keys":[]},
                {"service":null,"applies":"now","keys":["daemon.log_level"]}]})";
    CHECK(processctl(server, {"plan"}).out == "FILE          SINCE IT WAS LOADED\n"
                                              "/c/smbd.toml  added\n"
                                              "\n"
                                              "SERVICE   A RELOAD WOULD  KEYS\n"
                                              "smbd      add it\n"
                                              "(daemon)  apply at once   daemon.log_level\n");
}

TEST_CASE("shutdown waits until nobody listens any more", "[ctl][program]")
{
    UnixServer* self = nullptr;
    UnixServer server([&](UnixServer::Peer& peer) {
        if (peer.method == "POST") {
            peer.reply(202, R"({"stopping":true,"stop_deadline":"2099-01-01T00:00:00Z"})");
            return Then::keep;
        }
        peer.begin_stream();
        if (peer.target.find("after") == std::string::npos) {
            peer.line(json{{"type", "service"}, {"seq", "1.1"}, {"service", test::service()}}.dump());
            peer.line(R"({"type":"snapshot_end","seq":"1.1"})");
            return Then::close; // the manager is replaced meanwhile
        }
        auto stopped = test::service();
        stopped["state"] = "stopped";
        peer.line(json{{"type", "service"}, {"seq", "1.2"}, {"service", stopped}}.dump());
        self->stop_listening();
        return Then::close;
    });
    self = &server;
    const auto finished = processctl(server, {"shutdown"});
    CHECK(finished.code == 0);
    CHECK(finished.err.empty());
    CHECK_THAT(finished.out, Catch::StartsWith("stopping; what is left after ") &&
                                 Catch::Contains(" service smbd stopped\n") && !Catch::Contains("ready"));
}

TEST_CASE("waiting for the shutdown ends at --timeout", "[ctl][program]")
{
    UnixServer server([&](UnixServer::Peer& peer) {
        if (peer.method == "POST") {
            peer.reply(202, R"({"stopping":true,"stop_deadline":"2099-01-01T00:00:00Z"})");
            return Then::keep;
        }
        peer.begin_stream();
        peer.wait_for_close();
        return Then::close;
    });
    const auto finished = processctl(server, {"shutdown", "--timeout", "50ms"});
    CHECK(finished.code == 3);
    CHECK(finished.err == "processctl: the daemon has not ended yet; it goes on stopping\n");
    CHECK(processctl(server, {"shutdown", "--no-wait"}).code == 0);
}

TEST_CASE("a daemon that can not be talked to is 125 with one sentence", "[ctl][program]")
{
    UnixServer server([](UnixServer::Peer& peer) {
        if (peer.target.find("noise") != std::string::npos)
            peer.send("noise\r\n\r\n");
        else
            peer.reply(200, "{]");
        return Then::close;
    });
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"status"}, {"version"}, {"runs"}, {"status", "noise"}}) {
        const auto finished = processctl(server, words);
        CHECK(finished.code == 125);
        CHECK(std::count(finished.err.begin(), finished.err.end(), '\n') == 1);
    }
    const auto missing = Program({"--socket", "/nonexistent/s", "status"}, {}).finish();
    CHECK(missing.code == 125);
    CHECK(missing.err == "processctl: cannot connect to /nonexistent/s (is ctdb-processd running?): No such file or "
                         "directory; --socket names another socket\n");
}

TEST_CASE("somebody whom the daemon hangs up on is told so soon", "[ctl][program]")
{
    UnixServer server([](UnixServer::Peer&) { return Then::close; });
    const auto finished = processctl(server, {"status"});
    CHECK(finished.code == 125);
    CHECK(finished.err ==
          "processctl: the daemon closed the connection without a reply; it may give no access to uid " +
              std::to_string(::geteuid()) + ", see [access] in processd.toml\n");
    CHECK(server.connections() == 5);
}

TEST_CASE("closed standard output is told, not mistaken for the connection", "[ctl][program]")
{
    UnixServer server([](UnixServer::Peer& peer) {
        peer.reply(200, peer.target == "/v1/system" ? test::system().dump() : R"({"services":[]})");
        return Then::keep;
    });
    const auto finished =
        Program({"status"}, {"CTDB_PROCESSD_SOCKET=" + server.path()}, {}, Program::Output::none).finish();
    CHECK(finished.code == 125);
    CHECK(finished.err == "processctl: cannot write to standard output: Bad file descriptor\n");
}

TEST_CASE("doctor asks the daemon, and tries for itself where there is none", "[ctl][program]")
{
    auto fine = test::abilities();
    fine["abilities"].erase(1);
    bool all_well = false;
    UnixServer server([&](UnixServer::Peer& peer) {
        CHECK(peer.target == "/v1/abilities");
        peer.reply(200, (all_well ? fine : test::abilities()).dump());
        return Then::keep;
    });
    const auto missing = processctl(server, {"doctor"});
    CHECK(missing.code == 1);
    CHECK(missing.err.empty());
    CHECK_THAT(missing.out, Catch::Contains("\nclone3     no   starts"));
    CHECK(processctl(server, {"doctor", "--json"}).out == test::abilities().dump());
    all_well = true;
    CHECK(processctl(server, {"doctor"}).code == 0);

    const auto asked = server.connections();
    const auto here = json::parse(processctl(server, {"doctor", "--json", "--here"}).out);
    CHECK(here["by"] == "processctl");
    CHECK(here["abilities"].size() > 30);
    CHECK(server.connections() == asked);

    Program alone({"doctor", "--socket", "/nowhere/api.socket"}, {});
    const auto own = alone.finish();
    CHECK((own.code == 0 || own.code == 1));
    CHECK_THAT(own.err, Catch::Contains("this is what processctl itself may do here"));
    CHECK_THAT(own.out, Catch::StartsWith("processctl itself, uid "));
}

TEST_CASE("version tells both sides", "[ctl][program]")
{
    UnixServer server([](UnixServer::Peer& peer) {
        peer.reply(200, test::system().dump());
        return Then::keep;
    });
    CHECK_THAT(processctl(server, {"version"}).out,
               Catch::StartsWith("processctl ") &&
                   Catch::EndsWith("ctdb-processd 0.1.0, keeper 0.1.0 (pid 10), manager 0.1.0 (pid 11)\n"));
}

TEST_CASE("a refusal is told in the daemon's words, with --json in its bytes", "[ctl][program]")
{
    UnixServer server([](UnixServer::Peer& peer) {
        peer.reply(403, R"({"kind":"forbidden","detail":"stop needs level operate; uid 1000 has read"})",
                   "application/problem+json");
        return Then::keep;
    });
    const auto words = processctl(server, {"stop", "smbd"});
    CHECK(words.code == 1);
    CHECK(words.err == "processctl: stop needs level operate; uid 1000 has read\n");
    CHECK(processctl(server, {"stop", "smbd", "--json"}).out ==
          R"({"kind":"forbidden","detail":"stop needs level operate; uid 1000 has read"})");
}
