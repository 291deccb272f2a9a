// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/log_plan.h"

#include <catch2/catch.hpp>

using namespace processd;
using namespace processd::supervisor;
using namespace std::chrono_literals;

namespace {

using Indices = std::vector<std::size_t>;

model::SinkSpec file(const std::string& name, const std::string& path)
{
    model::SinkSpec spec;
    spec.name = name;
    spec.kind = model::SinkKind::file;
    spec.path = path;
    return spec;
}
model::SinkSpec syslog(const std::string& name)
{
    model::SinkSpec spec;
    spec.name = name;
    spec.kind = model::SinkKind::syslog;
    spec.path = "/dev/log";
    return spec;
}

} // namespace

TEST_CASE("without a sink all goes to stderr", "[supervisor][log_plan]")
{
    const auto plan = plan_logs({}, {{"web", {}}});
    REQUIRE(plan.sinks.size() == 1);
    CHECK(plan.sinks[0].spec.kind == model::SinkKind::standard_error);
    CHECK(plan.usual.sinks[0] == Indices{0});
    CHECK(plan.usual.sinks[1] == Indices{0});
    CHECK(plan.services.empty());
}

TEST_CASE("streams go to the sinks that are named, else to all", "[supervisor][log_plan]")
{
    model::DaemonSpec daemon;
    daemon.logs.sinks = {file("a", "/a"), syslog("s"), file("", "/b")};
    daemon.logs.err = {{"s", "a"}};
    std::map<std::string, model::ServiceSpec> services;
    services["plain"];
    services["own"].logs.sinks = {file("a", "/own")}; // hides the other "a"
    services["chooses"].logs.sinks = {syslog("mine")};
    services["chooses"].logs.out = {{"mine"}};
    services["chooses"].logs.err = std::vector<std::string>{};
    services["names"].logs.sinks = {file("a", "/names")};
    services["names"].logs.out = {{"a", "s"}};
    const auto plan = plan_logs(daemon, services);
    CHECK(plan.usual.sinks[0] == Indices{0, 1, 2});
    CHECK(plan.usual.sinks[1] == Indices{1, 0});
    CHECK(!plan.services.contains("plain"));
    REQUIRE(plan.sinks.size() == 6);
    const auto index = [&](const std::string& service) {
        for (std::size_t i = 0; i < plan.sinks.size(); ++i)
            if (plan.sinks[i].service == service) return i;
        return SIZE_MAX;
    };
    CHECK(plan.services.at("own").sinks[0] == Indices{0, 1, 2, index("own")});
    CHECK(plan.services.at("own").sinks[1] == Indices{1, 0, index("own")});
    CHECK(plan.services.at("chooses").sinks[0] == Indices{index("chooses")});
    CHECK(plan.services.at("chooses").sinks[1].empty());
    CHECK(plan.services.at("names").sinks[0] == Indices{index("names"), 1});
}

TEST_CASE("a service's rate is its own, or the daemon's", "[supervisor][log_plan]")
{
    model::DaemonSpec daemon;
    daemon.logs.rate_lines = 100;
    daemon.logs.rate_period = 5s;
    std::map<std::string, model::ServiceSpec> services;
    services["lines"].logs.rate_lines = 7;
    services["free"].logs.rate_lines = 0;
    services["period"].logs.rate_period = 1min;
    const auto plan = plan_logs(daemon, services);
    CHECK(plan.usual.rate_lines == 100);
    CHECK(plan.usual.rate_period == 5s);
    CHECK(plan.services.at("lines").rate_lines == 7);
    CHECK(plan.services.at("lines").rate_period == 5s);
    CHECK(plan.services.at("free").rate_lines == 0);
    CHECK(plan.services.at("period").rate_lines == 100);
    CHECK(plan.services.at("period").rate_period == 1min);
    CHECK(plan_logs({}, {}).usual.rate_lines == 0);
    CHECK(plan_logs({}, {}).usual.rate_period == 1s);
}

TEST_CASE("a file is the same sink wherever it is configured, and no two sinks are one", "[supervisor][log_plan]")
{
    model::DaemonSpec daemon;
    daemon.logs.sinks = {file("", "/a"), syslog(""), syslog("")};
    const auto before = plan_logs(daemon, {});
    CHECK(before.sinks[1].key != before.sinks[2].key);
    std::map<std::string, model::ServiceSpec> services;
    services["web"].logs.sinks = {file("renamed", "/a"), syslog("")};
    const auto after = plan_logs({}, services);
    CHECK(after.sinks[1].key == before.sinks[0].key);
    CHECK(after.sinks[2].key != before.sinks[1].key);
}
