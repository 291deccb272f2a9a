// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/changes.h"

#include <catch2/catch.hpp>

using namespace processd;
using namespace std::chrono_literals;
using config::ChangeKind;
using config::ServiceChange;

namespace {

model::Configuration one()
{
    model::Configuration configuration;
    configuration.services["a"].process.command = {"/bin/a"};
    return configuration;
}

} // namespace

TEST_CASE("the same configuration means no change", "[config][changes]")
{
    CHECK(config::compare(one(), one(), {"a"}).empty());
}

TEST_CASE("what made a running process waits for its next start, the rest applies at once", "[config][changes]")
{
    const auto before = one();
    auto after = before;
    auto& service = after.services["a"];
    service.process.command = {"/bin/b"};
    service.process.nice = 3;
    service.ready.kind = model::ReadyKind::notify;
    service.restart.delay = 7s;
    service.restart.success_codes = {0, 1};
    service.stop.timeout = 1s;
    service.auto_start = false;
    const auto changes = config::compare(before, after, {"a"});
    REQUIRE(changes.services.size() == 1);
    CHECK(changes.services[0] == ServiceChange{"a",
                                               ChangeKind::changed,
                                               {"start", "restart.delay", "restart.success_codes", "stop.timeout"},
                                               {"command", "nice", "ready"}});
    CHECK(config::compare(before, after, {}).services[0].at_next_start.empty());
}

TEST_CASE("the table tells what is really kept for a running process", "[config][changes]")
{
    auto before = one();
    auto after = before;
    auto& s = after.services["a"];
    s.process = {{"/bin/b"},
                 "u",
                 "g",
                 {{"h"}},
                 "/c",
                 077,
                 {{"A", "1"}},
                 "/e",
                 1,
                 "idle",
                 1,
                 "rr",
                 1,
                 {1},
                 1,
                 {{"core", {1, 1}}},
                 {{"CAP_KILL"}},
                 {{"CAP_KILL"}},
                 true,
                 {{"/a", "/b", true}},
                 {},
                 {"--x"},
                 {"limits"},
                 1 << 20,
                 1s};
    s.process.cgroup.pids_max = 1;
    s.auto_start = false;
    s.after = s.requires_ = s.binds_to = {"x"};
    s.runtime_directory = "/run/b";
    s.pre_start = s.post_stop = {{"/bin/c"}};
    s.hook_timeout = 1s;
    s.ready = {model::ReadyKind::output, {}, 1ms, 2ms, 7, "up", 3ms};
    s.restart = {model::RestartPolicy::never, 1ms, 2ms, 3, 4ms, 5, 6ms, {7, 8}};
    s.stop = {{"/bin/s"}, "INT", 9ms};
    s.logs = {std::vector<model::SinkSpec>(1), {{"x"}}, {{"x"}}, 1, 2s};
    const auto table = config::compare(before, after, {"a"}).services.at(0);
    CHECK(table.now.size() + table.at_next_start.size() == 50); // every key: an addition has to be looked at here
    auto running = after;
    running.services["a"] = model::in_force(s, before.services["a"]);
    const auto kept = config::compare(running, after, {"a"}).services.at(0);
    CHECK(kept.now.empty());
    CHECK(kept.at_next_start == table.at_next_start);
}

TEST_CASE("services come and go by name", "[config][changes]")
{
    auto before = one();
    before.services["gone"] = {};
    before.services["going"] = {};
    auto after = one();
    after.services["new"] = {};
    const auto changes = config::compare(before, after, {"going"});
    CHECK(changes.services == std::vector<ServiceChange>{{"going", ChangeKind::removed_running, {}, {}},
                                                         {"gone", ChangeKind::removed, {}, {}},
                                                         {"new", ChangeKind::added, {}, {}}});
    CHECK(config::name_of(ChangeKind::removed_running) == "removed_running");
}

TEST_CASE("the daemon's own keys are in the table too", "[config][changes]")
{
    auto after = one();
    after.daemon.stop_budget = 1s;
    after.daemon.max_runs = 1;
    after.daemon.tail_bytes = 1;
    const auto changes = config::compare(one(), after, {});
    CHECK(changes.daemon_now == std::vector<std::string>{"stop_budget", "limits.runs"});
    CHECK(changes.daemon_at_next_start == std::vector<std::string>{"records.tail"});
    CHECK(changes.services.empty());
}
