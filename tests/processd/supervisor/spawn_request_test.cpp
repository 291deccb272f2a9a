// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/spawn_request.h"

#include "processd/protocol/message.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sys/resource.h>

using namespace processd::supervisor;
using processd::model::ProcessSpec;

namespace {

ProcessSpec sleep_spec()
{
    ProcessSpec spec;
    spec.command = {"/bin/sleep", "5"};
    return spec;
}

} // namespace

TEST_CASE("plain root needs no preparation, everything that asks the host does", "[supervisor][spawn]")
{
    CHECK(prepared_without_asking(sleep_spec(), false, {}) == Prepared{});
    CHECK_FALSE(prepared_without_asking(sleep_spec(), true, {}));
    auto spec = sleep_spec();
    spec.user = "statd";
    CHECK_FALSE(prepared_without_asking(spec, false, {}));
    spec = sleep_spec();
    spec.group = "adm";
    CHECK_FALSE(prepared_without_asking(spec, false, {}));
    spec = sleep_spec();
    spec.environment_file = "/etc/default/x";
    CHECK_FALSE(prepared_without_asking(spec, false, {}));
}

TEST_CASE("the preparing command carries what has to be looked up", "[supervisor][spawn]")
{
    auto spec = sleep_spec();
    spec.user = "statd";
    spec.groups = std::vector<std::string>{"a", "b"};
    spec.environment_file = "/etc/x";
    CHECK(prepare_command("/p", spec, "/run/x", {}) == std::vector<std::string>{"/p", "--user", "statd", "--groups",
                                                                                "a,b", "--environment-file", "/etc/x",
                                                                                "--runtime-directory", "/run/x"});
}

TEST_CASE("below a daemon that is not root, who asks for root runs as the daemon does", "[supervisor][spawn]")
{
    Prepared self;
    self.uid = 1000;
    self.gid = 100;
    self.groups = {4, 100};
    CHECK(prepared_without_asking(sleep_spec(), false, self) == self);
    CHECK(prepare_command("/p", sleep_spec(), {}, self) == std::vector<std::string>{"/p", "--user", "1000"});
    auto spec = sleep_spec();
    spec.user = "statd";
    CHECK_FALSE(prepared_without_asking(spec, false, self));
    CHECK(prepare_command("/p", spec, {}, self) == std::vector<std::string>{"/p", "--user", "statd"});

    Prepared found;
    found.uid = 1000;
    found.gid = 7;
    found.groups = {7};
    CHECK(with_own_groups(found, spec, self).groups == self.groups);
    CHECK(with_own_groups(found, spec, self).gid == 100);
    CHECK(with_own_groups(found, spec, Prepared{}) == found);
    spec.groups = std::vector<std::string>{"7"};
    CHECK(with_own_groups(found, spec, self).groups == found.groups);
    found.uid = 1001;
    CHECK(with_own_groups(found, sleep_spec(), self) == found);
}

TEST_CASE("what processd-prepare says becomes numbers and variables", "[supervisor][spawn]")
{
    const auto prepared = parse_prepared("uid 1000\ngid 100\ngroups 100,4\nuser jo\nhome /home/jo\nshell /bin/sh\n"
                                         "env A=1\nenv B=x=y z\n");
    REQUIRE(prepared);
    CHECK(prepared->uid == 1000);
    CHECK(prepared->groups == std::vector<std::uint32_t>{100, 4});
    CHECK(prepared->environment == std::map<std::string, std::string>{{"A", "1"}, {"B", "x=y z"}});
    CHECK_FALSE(parse_prepared("uid 0\n"));
    CHECK_FALSE(parse_prepared("uid x\ngid 0\n"));
    CHECK_FALSE(parse_prepared(""));
}

TEST_CASE("a service's environment is built from nothing, and its own words win over its file's", "[supervisor][spawn]")
{
    auto spec = sleep_spec();
    spec.environment = {{"A", "mine"}};
    spec.limits = {{"nofile", {1024, processd::model::unlimited}}};
    spec.scheduler = "fifo";
    spec.priority = 3;
    Prepared prepared;
    prepared.environment = {{"A", "file"}, {"B", "file"}};
    const auto made = spawn_spec(spec, prepared, "label", "note");
    const auto has = [&](const char* entry) { return std::count(made.env.begin(), made.env.end(), entry) == 1; };
    CHECK(has("A=mine"));
    CHECK(has("B=file"));
    CHECK(has("USER=root"));
    CHECK(has("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
    CHECK(made.env.size() == 8);
    REQUIRE(made.limits.size() == 1);
    CHECK(made.limits[0].resource == RLIMIT_NOFILE);
    CHECK(made.limits[0].hard == RLIM_INFINITY);
    CHECK(made.scheduler == SCHED_FIFO);
    CHECK(made.note == "note");
}

TEST_CASE("capabilities are their own bounds unless others are given", "[supervisor][spawn]")
{
    auto spec = sleep_spec();
    CHECK_FALSE(spawn_spec(spec, {}, "", "").capability_bounds);
    spec.capability_bounds = {"CAP_CHOWN", "CAP_KILL"};
    auto made = spawn_spec(spec, {}, "", "");
    CHECK(made.capability_bounds == (1U << 0 | 1U << 5));
    CHECK(made.capabilities == 0);
    spec.capabilities = {"CAP_KILL"};
    made = spawn_spec(spec, {}, "", "");
    CHECK(made.capability_bounds == (1U << 0 | 1U << 5));
    CHECK(made.capabilities == 1U << 5);
    spec.capability_bounds.reset();
    CHECK(spawn_spec(spec, {}, "", "").capability_bounds == 1U << 5);
    spec.capabilities.emplace();
    CHECK(spawn_spec(spec, {}, "", "").capability_bounds == 0U);
}

TEST_CASE("what was at fault is named, one of several too", "[supervisor][spawn]")
{
    using processd::protocol::Attribute;
    auto spec = sleep_spec();
    spec.bind = {{"/a", "/b"}, {"/c", "/d"}};
    const auto name = [&](Attribute attribute, std::uint32_t which) {
        return attribute_name(static_cast<std::uint32_t>(attribute) | which << processd::protocol::attribute_bits,
                              spec);
    };
    CHECK(name(Attribute::none, 0).empty());
    CHECK(name(Attribute::nice, 0) == "nice");
    CHECK(name(Attribute::limits, RLIMIT_NOFILE) == "nofile");
    CHECK(name(Attribute::capabilities, 5) == "CAP_KILL");
    CHECK(name(Attribute::capabilities, 63) == "capabilities");
    CHECK(name(Attribute::bind_source, 1) == "/c");
    CHECK(name(Attribute::bind_target, 0) == "/b");
    CHECK(name(Attribute::bind_target, 2).empty());
    spec.cgroup.pids_max = 7;
    spec.cgroup.other = {{"io.max", "8:0 wbps=1"}};
    CHECK(name(Attribute::cgroup, 0) == "pids.max");
    CHECK(name(Attribute::cgroup, 1) == "io.max");
    CHECK(name(Attribute::cgroup, 2) == "cgroup");
}

TEST_CASE("stages are named as in an outcome", "[supervisor][spawn]")
{
    const auto number = [](processd::protocol::Stage stage) { return static_cast<std::uint32_t>(stage); };
    CHECK(stage_name(number(processd::protocol::Stage::exec), false) == "exec");
    CHECK(stage_name(number(processd::protocol::Stage::chdir), true) == "stuck:chdir");
    CHECK(stage_name(number(processd::protocol::Stage::mounts), false) == "mounts");
    CHECK(stage_name(number(processd::protocol::Stage::no_new_privs), false) == "no_new_privs");
    CHECK(stage_name(99, false) == "spawn");
}
