// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/operations.h"
#include "processd/supervisor/service_groups.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd;
using namespace processd::supervisor;
namespace service = processd::model::service;

namespace {

ServiceEntry& add(ServiceMap& services, const std::string& name, std::vector<std::string> groups,
                  service::State state = service::Ready{})
{
    auto& entry = services[name];
    entry.spec.name = name;
    entry.spec.groups = std::move(groups);
    entry.machine.state = std::move(state);
    return entry;
}

Operation part(const std::string& name, std::optional<std::string> result, const std::string& reason = {})
{
    Operation operation;
    operation.service = name;
    operation.state = result ? "done" : "running";
    operation.result = std::move(result);
    operation.reason = reason;
    return operation;
}

} // namespace

TEST_CASE("a group is what its members say", "[supervisor][groups]")
{
    ServiceMap services;
    CHECK(groups_of(services).empty());
    add(services, "statd", {"nfs"}, service::Down{});
    add(services, "rpcbind", {"rpc", "nfs", "nfs"});
    add(services, "ganesha", {"nfs"}, service::Down{service::Why::failed});
    add(services, "smbd", {});
    add(services, "old", {"nfs", "gone"}).removed = true;
    CHECK(groups_of(services) ==
          std::vector<ServiceGroup>{{"nfs", {"ganesha", "rpcbind", "statd"}, 1, 1, 1}, {"rpc", {"rpcbind"}, 1, 0, 0}});
    CHECK(members_of(services, "rpc").value() == std::vector<std::string>{"rpcbind"});
}

TEST_CASE("a group that is not there is answered with those that are", "[supervisor][groups]")
{
    ServiceMap services;
    const auto answer = [&](const char* group) {
        const auto members = members_of(services, group);
        REQUIRE_FALSE(members);
        CHECK(members.error().code == base::Errc::not_found);
        return members.error().message();
    };
    CHECK(answer("nfs") == "there is no group \"nfs\"; no service is in one");
    add(services, "statd", {"nfs"});
    add(services, "winbind", {"smb"});
    CHECK(answer("nsf") == "there is no group \"nsf\"; did you mean \"nfs\"? (there are: nfs, smb)");
    CHECK(answer("") == "there is no group \"\" (there are: nfs, smb)");
}

TEST_CASE("a whole ends with the last of its parts, as the worst of them", "[supervisor][groups]")
{
    CHECK_FALSE(end_of({part("a", "failed", "it broke"), part("b", std::nullopt)}));
    struct Row {
        std::vector<Operation> parts;
        std::string result, reason;
    };
    const std::vector<Row> rows{
        {{part("a", "ok"), part("b", "ok", "said something")}, "ok", ""},
        {{part("a", "ok"), part("b", "superseded")}, "superseded", "b: superseded"},
        {{part("a", "superseded"), part("b", "aborted", "by x")}, "aborted", "a: superseded; b: aborted, by x"},
        {{part("a", "failed", "it broke"), part("b", "aborted"), part("c", "ok")},
         "failed",
         "a: failed, it broke; b: aborted"},
    };
    for (const auto& row : rows) {
        const auto end = end_of(row.parts);
        REQUIRE(end);
        CHECK(end->result == row.result);
        CHECK(end->reason == row.reason);
    }
}

TEST_CASE("a whole's proof is no more certain than its weakest part's", "[supervisor][groups]")
{
    auto a = part("a", "ok"), b = part("b", "failed"), c = part("c", "ok");
    CHECK(end_of({a, b})->proof == std::nullopt);
    a.proof = "cgroup";
    CHECK(end_of({a, b})->proof == "cgroup");
    b.proof = "sweep";
    b.survivors = {7, 8};
    c.proof = "cgroup";
    c.survivors = {9};
    const auto end = end_of({a, b, c});
    CHECK(end->proof == "sweep");
    CHECK(end->survivors == std::vector<std::int32_t>{7, 8, 9});
}

TEST_CASE("an operation is read as it was written, also one from before there were groups", "[supervisor][groups]")
{
    auto operation = part("a", "ok");
    operation.id = "01J";
    operation.action = "start";
    auto stored = nlohmann::json(operation);
    CHECK(stored.at("part_of").is_null());
    CHECK(stored.get<Operation>() == operation);
    stored.erase("parts");
    stored.erase("part_of");
    CHECK(stored.get<Operation>() == operation);
    operation.part_of = "01H";
    operation.parts = {"01K"};
    CHECK(nlohmann::json(operation).get<Operation>() == operation);
}
