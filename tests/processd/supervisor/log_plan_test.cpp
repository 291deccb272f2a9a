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

LogPlan plan(const model::DaemonSpec& daemon, const std::map<std::string, model::ServiceSpec>& services)
{
    return plan_logs({daemon, services, {}, {}});
}

} // namespace

TEST_CASE("without a sink all goes to stderr", "[supervisor][log_plan]")
{
    const auto planned = plan({}, {{"web", {}}});
    REQUIRE(planned.sinks.size() == 1);
    CHECK(planned.sinks[0].spec.kind == model::SinkKind::standard_error);
    CHECK(planned.usual.sinks[0] == Indices{0});
    CHECK(planned.usual.sinks[1] == Indices{0});
    CHECK(planned.services.empty());
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
    const auto planned = plan(daemon, services);
    CHECK(planned.usual.sinks[0] == Indices{0, 1, 2});
    CHECK(planned.usual.sinks[1] == Indices{1, 0});
    CHECK(!planned.services.contains("plain"));
    REQUIRE(planned.sinks.size() == 6);
    const auto index = [&](const std::string& service) {
        for (std::size_t i = 0; i < planned.sinks.size(); ++i)
            if (planned.sinks[i].service == service) return i;
        return SIZE_MAX;
    };
    CHECK(planned.services.at("own").sinks[0] == Indices{0, 1, 2, index("own")});
    CHECK(planned.services.at("own").sinks[1] == Indices{1, 0, index("own")});
    CHECK(planned.services.at("chooses").sinks[0] == Indices{index("chooses")});
    CHECK(planned.services.at("chooses").sinks[1].empty());
    CHECK(planned.services.at("names").sinks[0] == Indices{index("names"), 1});
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
    const auto planned = plan(daemon, services);
    CHECK(planned.usual.rate_lines == 100);
    CHECK(planned.usual.rate_period == 5s);
    CHECK(planned.services.at("lines").rate_lines == 7);
    CHECK(planned.services.at("lines").rate_period == 5s);
    CHECK(planned.services.at("free").rate_lines == 0);
    CHECK(planned.services.at("period").rate_lines == 100);
    CHECK(planned.services.at("period").rate_period == 1min);
    CHECK(plan({}, {}).usual.rate_lines == 0);
    CHECK(plan({}, {}).usual.rate_period == 1s);
}

TEST_CASE("a file is the same sink wherever it is configured, and no two sinks are one", "[supervisor][log_plan]")
{
    model::DaemonSpec daemon;
    daemon.logs.sinks = {file("", "/a"), syslog(""), syslog("")};
    const auto before = plan(daemon, {});
    CHECK(before.sinks[1].key != before.sinks[2].key);
    std::map<std::string, model::ServiceSpec> services;
    services["web"].logs.sinks = {file("renamed", "/a"), syslog("")};
    const auto after = plan({}, services);
    CHECK(after.sinks[1].key == before.sinks[0].key);
    CHECK(after.sinks[2].key != before.sinks[1].key);
}

TEST_CASE("a job's lines go where it says", "[supervisor][log_plan]")
{
    model::Configuration configuration;
    configuration.daemon.logs.sinks = {file("a", "/a")};
    configuration.jobs["backup"].logs.sinks = {file("own", "/backup")};
    configuration.jobs["backup"].logs.out = {{"own"}};
    const auto planned = plan_logs(configuration);
    CHECK(planned.services.at("backup").sinks[0] == Indices{1});
    CHECK(planned.services.at("backup").sinks[1] == Indices{0, 1});
}
