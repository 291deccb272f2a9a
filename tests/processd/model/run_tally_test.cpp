// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/cpu_count.h"
#include "processd/model/run_tally.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd::model;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

RunRecord ended(RunKind kind, int code)
{
    RunRecord r;
    r.kind = kind;
    r.name = "web";
    r.state = RunState::ended;
    r.outcome.emplace().code = code;
    r.created = base::WallTime{1'795'000'000s};
    r.started = r.created + 3ms;
    r.duration = 40ms;
    r.usage = {2s, 1s, 0, 0, 0, 0, 0};
    r.out = {100, 10};
    r.err = {5, 0};
    return r;
}

} // namespace

TEST_CASE("only what is declared counts under its name", "[model][metrics]")
{
    for (const auto kind : {RunKind::adhoc, RunKind::script, RunKind::lookup})
        CHECK(count_of(ended(kind, 0)).name.empty());
    for (const auto kind : {RunKind::service, RunKind::pre_start, RunKind::ready, RunKind::stop, RunKind::post_stop,
                            RunKind::job, RunKind::check, RunKind::hook})
        CHECK(count_of(ended(kind, 0)).name == "web");
}

TEST_CASE("what a run adds", "[model][metrics]")
{
    const auto count = count_of(ended(RunKind::service, 3));
    CHECK(count == RunCount{RunKind::service, "web", OutcomeKind::exited, false, 40ms, 3ms, 3s, {100, 10}, {5, 0}});

    KindTally kind;
    NameTally name;
    kind.add(count);
    name.add(count);
    kind.add(count_of(ended(RunKind::service, 0)));
    name.add(count_of(ended(RunKind::pre_start, 0))); // whose processor time is not the service's
    CHECK(kind.outcomes[0] == 2);
    CHECK(kind.wait.counts()[2] == 2); // between 2 and 5 ms
    CHECK(name.kinds.at(RunKind::service).failed == 1);
    CHECK(name.kinds.at(RunKind::pre_start).failed == 0);
    CHECK(name.kinds.at(RunKind::service).duration.count() == 1);
    CHECK(name.cpu == 3s);
    CHECK(name.out == StreamCount{200, 20});

    CHECK(text_of(kind_tally_from(json::parse(text_of(kind)))) == text_of(kind));
    CHECK(text_of(name_tally_from(json::parse(text_of(name)))) == text_of(name));
}

TEST_CASE("a run that never started has failed, and neither waited nor taken time", "[model][metrics]")
{
    auto record = ended(RunKind::adhoc, 0);
    record.outcome = Outcome{};
    record.outcome->kind = OutcomeKind::spawn_failed;
    record.started = {};
    record.duration.reset();
    const auto count = count_of(record);
    CHECK(!count.success);
    CHECK(!count.wait);
    KindTally kind;
    kind.add(count);
    CHECK(kind.outcomes[static_cast<std::size_t>(OutcomeKind::spawn_failed)] == 1);
    CHECK(kind.wait.count() == 0);
}

TEST_CASE("what look-ups print is no output of theirs", "[model][metrics]")
{
    CHECK(count_of(ended(RunKind::lookup, 0)).out == StreamCount{});
    CHECK(count_of(ended(RunKind::lookup, 0)).err == StreamCount{5, 0});
}

TEST_CASE("processor time only grows, whatever can be measured", "[model][metrics]")
{
    CpuCount count;
    const auto see = [&](CpuInput input) {
        count = next(std::move(count), input);
        return count.shown;
    };
    SECTION("of a tree whose children end without being waited for")
    {
        CHECK(see({"a", CpuMeasured{5s, {}}, 0s, {}}) == 5s);
        CHECK(see({"a", CpuMeasured{2s, {}}, 0s, {}}) == 5s);
        CHECK(see({"a", std::nullopt, 0s, {}}) == 5s); // not to be had now
        CHECK(see({"a", CpuMeasured{7s, {}}, 0s, {}}) == 7s);
        CHECK(see({"", std::nullopt, 1s, 1s}) == 7s); // ended; its record knows 1 s of it
        CHECK(see({"b", CpuMeasured{2s, {}}, 1s, {}}) == 9s);
    }
    SECTION("of a cgroup that had other tenants")
    {
        CHECK(see({"a", CpuMeasured{1s, 101s}, 0s, {}}) == 1s);
        CHECK(see({"a", CpuMeasured{1s, 104s}, 0s, {}}) == 4s);
        CHECK(see({"", std::nullopt, 6s, 6s}) == 6s); // the record knows more by the end
        CHECK(see({"b", CpuMeasured{0s, 110s}, 6s, {}}) == 6s);
        CHECK(see({"b", CpuMeasured{0s, 111s}, 6s, {}}) == 7s);
    }
    SECTION("of one that has ended and is not on record yet")
    {
        CHECK(see({"a", CpuMeasured{5s, {}}, 0s, {}}) == 5s);
        CHECK(see({"", std::nullopt, 0s, 8s}) == 5s);
        CHECK(see({"", std::nullopt, 8s, {}}) == 8s);
    }
    CHECK(json(count).get<CpuCount>() == count);
}
