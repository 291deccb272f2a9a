// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/ability_view.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/line_view.h"
#include "processd/ctl/run_view.h"
#include "processd/ctl/service_view.h"
#include "tests/processd/ctl/samples.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>

using namespace processd::ctl;
using nlohmann::json;

namespace {

json changed(json object, const char* patch)
{
    object.merge_patch(json::parse(patch));
    return object;
}

} // namespace

TEST_CASE("the table of services shows at a glance what fails and why", "[ctl][view]")
{
    const auto stopped = changed(test::service(), R"({"name":"nfs","state":"stopped","wanted":"down","main":null,
        "reason":"stopped by uid 0","since":"2026-11-20T12:00:00Z"})");
    CHECK(service_table(json::array({test::failing_service(), stopped, test::service()}), test::plain()) ==
          "SERVICE  STATE    SINCE   PID  RESTARTS  WHY\n"
          "ganesha  backoff     5m     -         7  exited with code 3; restarts in 4s\n"
          "    12:04:57.200 out two\n"
          "    12:04:57.300 err cannot open \\x1b[2Jx\n"
          "    12:04:57.400 err \\xff\\x80\n"
          "nfs      stopped     2d     -         0  stopped by uid 0\n"
          "smbd     ready       5m  4711         0\n");
    CHECK(service_table(json::array(), test::plain()) == "no services are configured\n");
    CHECK(service_table(nullptr, test::plain()) == "no services are configured\n");
}

TEST_CASE("why a service is as it is", "[ctl][view]")
{
    const auto why = [](const char* patch) { return service_why(changed(test::service(), patch), test::plain()); };
    CHECK(why("{}").empty());
    CHECK(why(R"({"status_text":"42 clients"})") == "42 clients");
    CHECK(why(R"({"state":"waiting","waits_for":["ctdbd","network"]})") == "waits for ctdbd, network");
    CHECK(
        why(R"({"state":"starting","reason":"waits for readiness","next":{"action":"timeout","at":"2026-11-22T12:06:30Z"}})") ==
        "waits for readiness; gives up in 1m 30s");
    CHECK(why(R"({"state":"stopping","next":{"action":"kill","at":"2026-11-22T12:05:03Z"}})") == "SIGKILL in 3s");
    CHECK(why(R"({"state":"failed","reason":"restarted too often","last":{"sentence":"killed by SIGSEGV"}})") ==
          "restarted too often; last: killed by SIGSEGV");
    CHECK(why(R"({"state":"backoff","reason":"x","next":{"action":"restart","at":"2026-11-22T12:04:00Z"}})") ==
          "x; restarts now");
    CHECK(why(R"({"state":"ready","checks":[{"name":"disk","state":"good","failures":1,"threshold":3,
                  "target":"tcp 127.0.0.1:9","problem":"Connection refused"},{"name":"x","state":"good","failures":0}]})") ==
          "check disk failed 1 of 3 times: tcp 127.0.0.1:9: Connection refused");
    CHECK(why(R"({"stuck":[7,8],"removed":true,"config_changed":true,"changed_keys":["command","limits"]})") ==
          "stuck: pid 7, 8; no longer configured; new command, limits from the next start on");
}

TEST_CASE("a service's page says everything about it", "[ctl][view]")
{
    CHECK(service_page(test::failing_service(), test::plain()) ==
          "ganesha is backoff since 12:00:00 (5m)\n"
          "  why       exited with code 3; restarts in 4s\n"
          "  wanted    up; starts with the daemon\n"
          "  command   /usr/sbin/smbd -F '--option=x y'\n"
          "  restarts  7, 3 failures in a row\n"
          "  requires  ctdbd\n"
          "  after     network\n"
          "  last end  exited with code 3, 2s ago, run 01J0OLD\n"
          "                12:04:57.100 out one\n"
          "                12:04:57.200 out two\n"
          "                12:04:57.300 err cannot open \\x1b[2Jx\n"
          "                12:04:57.400 err \\xff\\x80\n");
    const auto ready = service_page(test::service(), test::plain());
    CHECK(ready.find("  main      pid 4711, up 5m, run 01J0RUN\n") != std::string::npos);
    CHECK(ready.find("  ready     since 12:00:00\n") != std::string::npos);
}

TEST_CASE("abilities are a table that explains what is missing", "[ctl][view]")
{
    CHECK(ability_table(test::abilities(), test::plain()) ==
          "the daemon, uid 0, 2 capabilities, a seccomp filter, on Linux 6.1.0\n"
          "ABILITY    HAS  FOR     DETAIL\n"
          "memfd      yes  rings\n"
          "clone3     no   starts  Function not implemented\n"
          "    what: one call\n"
          "    without it: fork\n"
          "    given by: a profile\n"
          "nf_tables  ?    nft     not \\x1bloaded\n"
          "    what: rules\n"
          "    without it: nothing\n"
          "    given by: a module\n");
    CHECK(some_missing(test::abilities()));
    const auto fine = changed(test::abilities(), R"({"abilities":[{"name":"x","has":true},{"name":"y","has":null}]})");
    CHECK_FALSE(some_missing(fine)); // what is not known is not missing
}

TEST_CASE("the daemon's line", "[ctl][view]")
{
    CHECK(system_line(test::system(), test::plain()) == "ctdb-processd 0.1.0, up 3h 12m, 3 services (2 ready)\n");
    CHECK(
        system_line(changed(test::system(), R"({"manager":{"incarnation":2,"started":"2026-11-22T12:04:50Z",
              "previous_status":"killed by SIGKILL"},"counts":{"services_failed":1,"runs_active":2},"stopping":true,
              "stop_deadline":"2026-11-22T12:06:00Z","config":{"error":"smbd.toml:3: x"}})"),
                    test::plain()) ==
        "ctdb-processd 0.1.0, up 3h 12m, 3 services (2 ready, 1 failed), 2 runs active, manager restarted at 12:04:50 "
        "(killed by SIGKILL), stopping, KILL in 1m\n"
        "configuration on disk is not in force: smbd.toml:3: x\n");
    CHECK(system_line(changed(test::system(), R"({"logs":{"sinks":[
              {"to":"stderr","lines_dropped":0,"queued_bytes":10,"error":null},
              {"to":"/dev/log","lines_dropped":1,"queued_bytes":0,"error":null},
              {"to":"/var/log/a","lines_dropped":20,"queued_bytes":2048,"error":"write to /var/log/a: No space left on device"}],
              "rate_limited":[{"service":null,"lines":1},{"service":"smbd","lines":7}]}})"),
                      test::plain()) ==
          "ctdb-processd 0.1.0, up 3h 12m, 3 services (2 ready)\n"
          "log sink /dev/log: 1 line dropped\n"
          "log sink /var/log/a: 20 lines dropped, 2.0 KiB wait: write to /var/log/a: No space left on device\n"
          "rate limit: 1 line of ad-hoc runs left out of the log sinks\n"
          "rate limit: 7 lines of smbd left out of the log sinks\n");
}

TEST_CASE("an operation's end is one line", "[ctl][view]")
{
    const auto line = [](const char* patch) {
        return operation_line(changed(test::operation(), patch), test::plain());
    };
    CHECK(line("{}") == "smbd restarted in 2.50s");
    CHECK(line(R"({"action":"stop","proof":"sweep"})") ==
          "smbd stopped in 2.50s (nothing left as far as a sweep of the processes shows)");
    CHECK(line(R"({"result":"failed","action":"start","reason":"not ready in 1m"})") ==
          "start of smbd failed: not ready in 1m");
    CHECK(line(R"({"result":"failed","action":"stop","survivors":[5]})") == "stop of smbd failed; survived: pid 5");
    CHECK(line(R"({"state":"running","result":null})") == "restart of smbd goes on");
}

TEST_CASE("how a run ended, as a sentence and as an exit code", "[ctl][view]")
{
    struct Row {
        const char* patch;
        const char* sentence;
        int code;
    };
    for (const auto& row : std::vector<Row>{
             {"{}", "exited with code 3", 3},
             {R"({"code":255})", "exited with code 255", 255},
             {R"({"outcome":"signaled","code":null,"signal":"SIGSEGV","core":true})", "killed by SIGSEGV (core dumped)",
              139},
             {R"({"outcome":"signaled","code":null,"signal":"SIGKILL","oom":true})", "killed by SIGKILL: out of memory",
              137},
             {R"({"outcome":"signaled","code":null,"signal":"SIGRTMIN+3"})", "killed by SIGRTMIN+3", 128 + 37},
             {R"({"outcome":"signaled","code":null,"signal":"signal 33"})", "killed by signal 33", 128 + 33},
             {R"({"outcome":"timed_out","code":null,"signal":"SIGTERM"})", "timed out, then killed by SIGTERM", 124},
             {R"({"outcome":"timed_out","code":0})", "timed out, then exited with code 0", 124},
             {R"({"outcome":"cancelled","code":0})", "cancelled, then exited with code 0", 130},
             {R"({"outcome":"cancelled","code":null})", "cancelled, then no exit status", 130},
             {R"({"outcome":"spawn_failed","code":null,"stage":"exec","errno":2})",
              "could not start: exec: No such file or directory", 127},
             {R"({"outcome":"spawn_failed","code":null,"stage":"exec","errno":20})",
              "could not start: exec: Not a directory", 127},
             {R"({"outcome":"spawn_failed","code":null,"stage":"exec","errno":13})",
              "could not start: exec: Permission denied", 126},
             {R"({"outcome":"spawn_failed","code":null,"stage":"exec","errno":8})",
              "could not start: exec: Exec format error", 126},
             {R"({"outcome":"spawn_failed","code":null,"stage":"chdir","errno":2})",
              "could not start: chdir: No such file or directory", 125},
             {R"({"outcome":"spawn_failed","code":null,"stage":"stuck:exec","errno":null})",
              "could not start: stuck:exec", 125},
             {R"({"outcome":"lost","code":null})", "lost: the keeper ended before it did", 125},
             {R"({"outcome":"novel","code":null})", "novel", 125},
         }) {
        CAPTURE(row.patch);
        const auto run = changed(test::run(), row.patch);
        CHECK(outcome_text(run) == row.sentence);
        CHECK(exit_code_of(run) == row.code);
    }
    CHECK(outcome_text(changed(test::run(), R"({"outcome":null,"state":"running"})")) == "running");
}

TEST_CASE("every exit code and every signal has its exit code", "[ctl][view]")
{
    for (int code = 0; code < 256; ++code) CHECK(exit_code_of({{"outcome", "exited"}, {"code", code}}) == code);
    for (int s = 1; s <= SIGRTMAX; ++s) {
        std::string name = "signal " + std::to_string(s);
        if (const char* abbreviation = ::sigabbrev_np(s)) name = std::string("SIG") + abbreviation;
        if (s == SIGRTMIN) name = "SIGRTMIN";
        if (s > SIGRTMIN) name = "SIGRTMIN+" + std::to_string(s - SIGRTMIN);
        CAPTURE(name);
        CHECK(signal_number(name) == s);
        CHECK(exit_code_of({{"outcome", "signaled"}, {"signal", name}}) == 128 + s);
    }
    for (const auto* bad : {"", "SIG", "SIGNOPE", "TERM", "signal x", "SIGRTMIN+x"}) CHECK(signal_number(bad) <= 34);
}

TEST_CASE("the table of runs", "[ctl][view]")
{
    const auto running =
        changed(test::run(), R"({"id":"x","outcome":null,"state":"running","duration_us":null,"ended":null,
        "code":null,"started":"2026-11-22T12:04:58Z"})");
    CHECK(run_table(json::array({running, test::run()}), test::plain()) ==
          "ID       STARTED    TOOK  NAME  KIND   OUTCOME  COMMAND\n"
          "x        12:04:58  2.00s  sh    adhoc  running  /bin/sh -c 'exit 3'\n"
          "01J0ABC  12:04:00  2.30s  sh    adhoc  exit 3   /bin/sh -c 'exit 3'\n");
    CHECK(run_table(json::array(), test::plain()) == "no runs match\n");
}

TEST_CASE("a run's page says everything and ends with its output", "[ctl][view]")
{
    CHECK(run_page(test::run(), 2, test::plain()) ==
          "run 01J0ABC: exited with code 3\n"
          "  command       /bin/sh -c 'exit 3'\n"
          "  name          sh (adhoc)\n"
          "  asked by      uid 0, pid 99, processctl run\n"
          "  pid           123\n"
          "  created       12:04:00.000 (1m)\n"
          "  started       12:04:00.001 (59s)\n"
          "  ended         12:04:02.301 (57s)\n"
          "  took          2.30s\n"
          "  timeout       30.0s\n"
          "  stop timeout  5.00s\n"
          "  user          root\n"
          "  cwd           /\n"
          "  scheduling    nice 5\n"
          "  limits        core=0:unlimited, nofile=1024\n"
          "  environment   A=1\n"
          "                SECRET=(hidden)\n"
          "  used          user 1.5ms, system 900us, at most 3.1 MiB resident, "
          "0 major faults\n"
          "  stdout        6 B\n"
          "  stderr        2.0 KiB, of which 1.0 KiB were lost\n"
          "  refused       nice\n"
          "  emptied       nothing of it is left (cgroup)\n"
          "output:\n"
          "… 1 line before\n"
          "bc\n"
          "\\xff\n");
    CHECK(run_page(json::object(), 5, test::plain()).starts_with("run : \n"));
}

TEST_CASE("log lines name their source and gaps their reason", "[ctl][view]")
{
    const auto line =
        json::parse(R"({"type":"line","seq":"1.2","time":"2026-11-22T12:04:57.1Z","service":"smbd","run":"r",
        "stream":"stderr","text":"oops\u0007","partial":true,"late":false})");
    CHECK(log_line(line, test::plain()) == "12:04:57.100 smbd! oops\\x07…");
    CHECK(log_line(changed(line, R"({"service":null,"stream":"stdout","partial":false,"late":true})"), test::plain()) ==
          "12:04:57.100 r: oops\\x07 (late)");
    CHECK(log_line(json::parse(R"({"type":"gap","from":"1.2","to":"1.9","reason":"slow_reader","bytes":2048})"),
                   test::plain()) == "-- 2.0 KiB are missing here: they came faster than they were read");
    CHECK(log_line(json::parse(R"({"type":"gap","from":null,"to":null,"reason":"expired"})"), test::plain()) ==
          "-- lines may be missing here: no longer kept");
}

TEST_CASE("each change is one line", "[ctl][view]")
{
    const auto view = [](json object) { return watch_line(object, test::plain()); };
    CHECK(view({{"type", "service"}, {"seq", "1.1"}, {"service", test::failing_service()}}) ==
          "12:00:00.000 service ganesha backoff: exited with code 3; restarts in 4s");
    CHECK(view({{"type", "run"}, {"run", test::run()}}) ==
          "12:04:02.301 run 01J0ABC sh (adhoc): exited with code 3 after 2.30s");
    CHECK(view({{"type", "operation"}, {"operation", test::operation()}}) ==
          "12:04:02.500 operation 01J0OP smbd restarted in 2.50s");
    CHECK(view({{"type", "service_gone"}, {"name", "x"}}) == "12:05:00.000 service x is gone");
    CHECK(view({{"type", "system"}, {"system", test::system()}}) ==
          "12:05:00.000 ctdb-processd 0.1.0, up 3h 12m, 3 services (2 ready)");
    CHECK(view({{"type", "snapshot_end"}}).empty());
    CHECK(view({{"type", "novel"}}).empty());
    CHECK(view(7).empty());
}

TEST_CASE("replies of nonsense are shown without a crash", "[ctl][view]")
{
    for (const auto& nonsense :
         std::vector<json>{nullptr, 7, "x", json::array({1, "x", nullptr}), json::object(),
                           json::parse(R"({"last":7,"main":[],"next":"x","process":5,"tail":[5],"usage":[],
                                                  "limits":3,"stuck":{},"process":{"limits":{"a":5},"environment":{"a":5}}})")}) {
        CHECK_NOTHROW(service_page(nonsense, test::plain()));
        CHECK_NOTHROW(service_table(json::array({nonsense}), test::plain()));
        CHECK_NOTHROW(system_line(nonsense, test::plain()));
        CHECK_NOTHROW(run_page(nonsense, 5, test::plain()));
        CHECK_NOTHROW(run_table(json::array({nonsense}), test::plain()));
        CHECK_NOTHROW(operation_line(nonsense, test::plain()));
        CHECK_NOTHROW(log_line(nonsense, test::plain()));
        CHECK_NOTHROW(watch_line(nonsense, test::plain()));
        CHECK(exit_code_of(nonsense) == exit_ours);
    }
}
