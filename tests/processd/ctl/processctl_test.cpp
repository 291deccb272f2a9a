// SPDX-License-Identifier: GPL-3.0-or-later
// The built processctl: services, configuration and the daemon as a whole.
#include "tests/processd/ctl/answers.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

using nlohmann::json;
using namespace test;
using Then = UnixServer::Then;
using Requests = std::vector<std::string>;

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
