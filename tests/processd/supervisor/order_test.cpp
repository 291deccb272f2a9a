// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/service_entry.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd;
using namespace processd::supervisor;
namespace service = processd::model::service;

namespace {

ServiceEntry& add(ServiceMap& services, const std::string& name, service::State state, bool wanted = true)
{
    auto& entry = services[name];
    entry.spec.name = name;
    entry.spec.process.command = {"/bin/x"};
    entry.machine.state = std::move(state);
    entry.machine.wanted = wanted;
    return entry;
}

} // namespace

TEST_CASE("a start pulls in what is required, and what that requires", "[supervisor][order]")
{
    ServiceMap services;
    add(services, "smbd", service::Down{}).spec.requires_ = {"ctdbd"};
    add(services, "ctdbd", service::Down{}).spec.binds_to = {"network"};
    add(services, "network", service::Down{});
    add(services, "other", service::Down{}).spec.after = {"ctdbd"};
    CHECK(needed_by(services, "smbd") == std::vector<std::string>{"ctdbd", "network"});
    CHECK(dependents_of(services, "network") == std::vector<std::string>{"ctdbd", "smbd"});
    CHECK(dependents_of(services, "smbd").empty());
}

TEST_CASE("a service waits for what it comes after, as long as that is on its way", "[supervisor][order]")
{
    ServiceMap services;
    auto& web = add(services, "web", service::Waiting{});
    web.spec.after = {"db"};
    const auto waits = [&](service::State state, bool wanted = true) {
        add(services, "db", std::move(state), wanted);
        return dependencies(services, web).waits_for.size();
    };
    CHECK(waits(service::Starting{}) == 1);
    CHECK(waits(service::Waiting{}) == 1);
    CHECK(waits(service::Ready{}) == 0);
    CHECK(waits(service::Down{}, false) == 0);
    CHECK(waits(service::BackOff{}) == 0);
}

TEST_CASE("a requirement that will not come fails the start, one that tries again is waited for", "[supervisor][order]")
{
    ServiceMap services;
    auto& web = add(services, "web", service::Waiting{});
    web.spec.requires_ = {"db"};
    add(services, "db", service::Down{service::Why::failed}, false).machine.reason = "started 3 times";
    CHECK(dependencies(services, web).failed == "it needs db, which is failed (started 3 times)");
    add(services, "db", service::BackOff{});
    CHECK(dependencies(services, web).failed.empty());
    CHECK(dependencies(services, web).waits_for == std::vector<std::string>{"db"});
}

TEST_CASE("what comes after a service goes down before it", "[supervisor][order]")
{
    ServiceMap services;
    add(services, "db", service::Ready{});
    auto& web = add(services, "web", service::Ready{});
    web.spec.after = {"db"};
    CHECK_FALSE(must_wait_to_stop(services, "db")); // web is not told to go
    web.pending_stop = ServiceEntry::PendingStop{"x", false};
    CHECK(must_wait_to_stop(services, "db"));
    CHECK_FALSE(must_wait_to_stop(services, "web"));
    web.pending_stop.reset();
    web.machine.state = service::Down{};
    CHECK_FALSE(must_wait_to_stop(services, "db"));
}

TEST_CASE("one that is about to be stopped is not there for those that start", "[supervisor][order]")
{
    ServiceMap services;
    auto& web = add(services, "web", service::Waiting{});
    web.spec.requires_ = {"db"};
    auto& db = add(services, "db", service::Ready{});
    CHECK(dependencies(services, web).waits_for.empty());
    db.pending_stop = ServiceEntry::PendingStop{"operator", true};
    CHECK(dependencies(services, web).waits_for == std::vector<std::string>{"db"});
}

TEST_CASE("what requires a bound service goes down with it", "[supervisor][order]")
{
    ServiceMap services;
    add(services, "ctdbd", service::Ready{});
    add(services, "smbd", service::Ready{}).spec.binds_to = {"ctdbd"};
    add(services, "winbindd", service::Ready{}).spec.requires_ = {"smbd"};
    add(services, "other", service::Ready{}).spec.requires_ = {"ctdbd"};
    CHECK(bound_to(services, "ctdbd") == std::vector<std::string>{"smbd", "winbindd"});
}

TEST_CASE("a process keeps what made it, and what is asked later is new", "[supervisor][order]")
{
    ServiceEntry entry;
    entry.spec.name = "web";
    entry.spec.process.command = {"/bin/new"};
    entry.spec.process.user = "new";
    entry.spec.runtime_directory = "/run/new";
    entry.spec.post_stop = {{"/bin/after"}};
    entry.spec.stop.command = {"/bin/stop"};
    entry.begun = entry.spec;
    entry.begun->process.user = "old";
    entry.begun->runtime_directory = "/run/old";
    entry.begun->stop.command = {"/bin/wrong"};
    entry.begun->post_stop.clear();
    const auto stop = run_request(entry, model::Role::stop, 0, "id", "/p");
    CHECK(stop.process.command == std::vector<std::string>{"/bin/stop"});
    CHECK(stop.process.user == "old");
    CHECK(run_request(entry, model::Role::post_stop, 0, "id", "/p").process.user == "old");
    CHECK(run_request(entry, model::Role::post_stop, 1, "id", "/p").process.command.back() == "/run/old");
    entry.begun.reset();
    CHECK(run_request(entry, model::Role::main, 0, "id", "/p").process.user == "new");
}

TEST_CASE("a service's state is stored and read back whole", "[supervisor][order]")
{
    ServiceMap services;
    auto& web = add(services, "web", service::Ready{base::time_from_ns(5)});
    web.main = "01A";
    web.aux = "01B";
    web.operation = "01C";
    web.operation_left = true;
    web.since = web.ready_since = base::wall_from_ns(1'700'000'000'000'000'000);
    web.last = LastEnd{"01D", model::outcome_from_wait(model::OutcomeKind::exited, 3 << 8), web.since, {}, {}};
    web.proof = "cgroup";
    web.pending_stop = ServiceEntry::PendingStop{"operator", true};
    web.begun = web.spec;
    ServiceEntry back;
    restore(back, nlohmann::json::parse(stored(web).dump()));
    CHECK(stored(back) == stored(web));
    CHECK(back.machine == web.machine);
    CHECK(back.begun == web.begun);
}

TEST_CASE("the removal of a runtime directory is the last post_stop command, as root", "[supervisor][order]")
{
    ServiceEntry entry;
    entry.spec.name = "web";
    entry.spec.process.command = {"/bin/web"};
    entry.spec.process.user = "www";
    entry.spec.runtime_directory = "/run/web";
    entry.spec.post_stop = {{"/bin/after"}};
    entry.machine.last = model::outcome_from_wait(model::OutcomeKind::exited, 3 << 8);
    REQUIRE(effective(entry, "/p").post_stop.size() == 2);
    const auto hook = run_request(entry, model::Role::post_stop, 0, "id", "/p");
    CHECK(hook.process.user == "www");
    CHECK(hook.process.environment.at("CTDB_PROCESSD_CODE") == "3");
    CHECK(hook.process.environment.at("CTDB_PROCESSD_OUTCOME") == "exited");
    const auto removal = run_request(entry, model::Role::post_stop, 1, "id", "/p");
    CHECK(removal.process.user == "root");
    CHECK(removal.process.command == std::vector<std::string>{"/p", "--remove-runtime-directory", "/run/web"});
}
