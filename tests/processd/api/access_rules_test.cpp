// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/access_rules.h"

#include <catch2/catch.hpp>
#include <map>

using namespace processd;
using namespace processd::api;
using model::Access;
using By = Granted::By;

namespace {

constexpr std::uint32_t overflow = 65534;

std::optional<std::uint32_t> number_of(const supervisor::Name& name)
{
    static const std::map<supervisor::Name, std::uint32_t> known{
        {{false, "nobody"}, overflow}, {{true, "nogroup"}, overflow}, {{false, "anna"}, 1000}, {{true, "adm"}, 4}};
    const auto at = known.find(name);
    return at == known.end() ? std::nullopt : std::optional(at->second);
}

const JobRules jobs{{"backup", {Access::none, {"anna", "nobody"}, {}}}};
const IdMaps whole{};
const IdMaps partial{false, false, overflow, overflow};

Peer peer(uid_t uid, gid_t gid, std::vector<gid_t> groups = {}) { return {uid, gid, std::move(groups), 77, {}}; }

} // namespace

TEST_CASE("the highest level that any rule gives counts, and the user before a group", "[api][access]")
{
    const model::AccessSpec spec{{{Access::read, {"anna", "nobody"}, {"adm"}},
                                  {Access::operate, {}, {"adm", "nosuchgroup"}},
                                  {Access::operate, {"anna"}, {}}},
                                 Access::none};
    struct Row {
        Peer peer;
        Granted granted;
    };
    const std::vector<Row> rows{
        {peer(0, 4), {Access::admin, By::root, "", 0}},
        {peer(1000, 4), {Access::operate, By::user, "anna", 1000}},
        {peer(1001, 4), {Access::operate, By::group, "adm", 4}},
        {peer(1001, 100, {27, 4}), {Access::operate, By::group, "adm", 4}},
        {peer(overflow, overflow), {Access::read, By::user, "nobody", overflow}},
        {peer(1001, 100), {}},
    };
    for (const auto& row : rows) {
        CAPTURE(row.peer.uid, row.peer.gid);
        CHECK(grant(spec, jobs, number_of, whole, row.peer) == row.granted);
    }
}

TEST_CASE("nobody's rules are not for whom the user namespace does not have", "[api][access]")
{
    model::AccessSpec spec{{{Access::read, {"nobody"}, {"adm"}}, {Access::admin, {}, {"nogroup"}}}, Access::none};
    CHECK(grant(spec, jobs, number_of, whole, peer(overflow, overflow)).level == Access::admin);
    CHECK(grant(spec, jobs, number_of, partial, peer(overflow, overflow)) == Granted{});
    CHECK(grant(spec, {}, number_of, partial, peer(1000, overflow, {overflow})) == Granted{});
    CHECK(grant(spec, jobs, number_of, partial, peer(0, 0)).level == Access::admin); // root of this namespace is in it
    // A group that the namespace has is believed, whoever is in it.
    CHECK(grant(spec, jobs, number_of, partial, peer(overflow, 4)) == Granted{Access::read, By::group, "adm", 4});

    spec.unmapped = Access::operate;
    CHECK(grant(spec, jobs, number_of, partial, peer(overflow, 4)) ==
          Granted{Access::operate, By::unmapped, "", overflow});
    CHECK(grant(spec, {}, number_of, partial, peer(1000, 100)) == Granted{});
    CHECK(grant(spec, jobs, number_of, whole, peer(overflow, 100)).by == By::user); // there it is nobody himself
}

TEST_CASE("whoever the daemon runs as is admin, unless that is what an unknown user looks like", "[api][access]")
{
    auto maps = whole;
    maps.own_uid = 1001;
    CHECK(grant({}, {}, number_of, maps, peer(1001, 100)) == Granted{Access::admin, By::own, "", 1001});
    maps = partial;
    maps.own_uid = overflow;
    CHECK(grant({}, {}, number_of, maps, peer(overflow, 100)) == Granted{});
}

TEST_CASE("who may run a job may read, but not nobody's namesakes", "[api][access]")
{
    CHECK(grant({}, jobs, number_of, whole, peer(1000, 100)) == Granted{Access::read, By::job, "backup", 0});
    CHECK(grant({}, jobs, number_of, whole, peer(overflow, 100)).level == Access::read);
    CHECK(grant({}, jobs, number_of, partial, peer(overflow, 100)) == Granted{});
    CHECK(grant({}, jobs, number_of, whole, peer(1001, 100)) == Granted{});
}

TEST_CASE("whether a map has all ids", "[api][access]")
{
    CHECK(maps_all("         0          0 4294967295\n"));
    CHECK(maps_all("0 100000 65536\n65536 0 4294901759\n"));
    CHECK(!maps_all("         0       1000          1\n"));
    CHECK(!maps_all("0 100000 65536\n"));
    CHECK(!maps_all(""));
}
