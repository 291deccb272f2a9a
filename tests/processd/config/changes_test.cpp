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
