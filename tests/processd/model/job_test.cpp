// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/job.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd::model;
using namespace processd::model::job;
using namespace std::chrono_literals;

namespace {

const base::Time t0 = base::time_from_ns(1'000'000'000'000);

JobSpec with(Overlap overlap)
{
    JobSpec spec;
    spec.name = "backup";
    spec.overlap = overlap;
    spec.debounce = 10s;
    return spec;
}

Triggered by(By who, const std::string& cause, std::vector<std::string> operations = {})
{
    Trigger trigger;
    trigger.cause = cause;
    trigger.operations = std::move(operations);
    return {who, std::move(trigger)};
}

Lane running(const std::string& cause)
{
    Lane lane;
    lane.running.emplace().trigger.cause = cause;
    return lane;
}

} // namespace

TEST_CASE("an idle job starts with what triggers it", "[model][job]")
{
    for (const auto who : {By::person, By::time, By::path, By::edge}) {
        const auto step = job::step(with(Overlap::skip), {}, by(who, "it", {"o1"}), t0);
        CHECK(step.action == Action::start);
        REQUIRE(step.next.running);
        CHECK(step.next.running->trigger.cause == "it");
        CHECK(step.next.running->trigger.operations == std::vector<std::string>{"o1"});
        CHECK(step.next.quiet_until == (who == By::edge ? t0 + 10s : base::Time{}));
    }
}

TEST_CASE("a job that runs does what its overlap says", "[model][job]")
{
    const auto lane = running("first");
    const auto skipped = step(with(Overlap::skip), lane, by(By::time, "second"), t0);
    CHECK(skipped.action == Action::skip);
    CHECK(skipped.next == lane);

    const auto queued = step(with(Overlap::queue), lane, by(By::time, "second", {"o1"}), t0);
    CHECK(!queued.action);
    REQUIRE(queued.next.pending);
    CHECK(queued.next.running == lane.running);
    const auto twice = step(with(Overlap::queue), queued.next, by(By::path, "third", {"o2"}), t0 + 1s);
    CHECK(!twice.action);
    CHECK(twice.next.pending->cause == "third");
    CHECK(twice.next.pending->count == 2);
    CHECK(twice.next.pending->operations == std::vector<std::string>{"o1", "o2"});
    const auto after = step(with(Overlap::queue), twice.next, Ended{}, t0 + 2s);
    CHECK(after.action == Action::start);
    CHECK(after.next.running->trigger == *twice.next.pending);
    CHECK(!after.next.pending);
    const auto last = step(with(Overlap::queue), after.next, Ended{}, t0 + 3s);
    CHECK(!last.action);
    CHECK(is_idle(last.next, t0 + 3s));

    const auto replaced = step(with(Overlap::replace), lane, by(By::time, "second"), t0);
    CHECK(replaced.action == Action::stop);
    CHECK(replaced.next.running->replaced);
    const auto again = step(with(Overlap::replace), replaced.next, by(By::time, "third"), t0);
    CHECK(!again.action); // it has been told
    CHECK(step(with(Overlap::replace), again.next, Ended{}, t0).next.running->trigger.cause == "third");
}

TEST_CASE("edges that follow each other closely are one run more, after a quiet time", "[model][job]")
{
    const auto spec = with(Overlap::queue);
    const auto first = step(spec, {}, by(By::edge, "failed"), t0).next;
    const auto ended = step(spec, first, Ended{}, t0 + 1s).next;
    CHECK(!is_idle(ended, t0 + 1s)); // the quiet time is to be remembered
    CHECK(is_idle(ended, t0 + 10s));
    auto lane = ended;
    for (int i = 0; i < 5; ++i) {
        const auto more = step(spec, lane, by(By::edge, "failed again"), t0 + 2s);
        CHECK(!more.action);
        lane = more.next;
    }
    CHECK(deadline(lane) == t0 + 10s);
    CHECK(!step(spec, lane, Tick{}, t0 + 9s).action);
    const auto due = step(spec, lane, Tick{}, t0 + 10s);
    CHECK(due.action == Action::start);
    CHECK(due.next.running->trigger.count == 5);
    CHECK(due.next.quiet_until == t0 + 20s);
    CHECK(!deadline(due.next));

    // Who asks does not wait, and what waited goes along.
    const auto asked = step(spec, lane, by(By::person, "uid 0", {"o1"}), t0 + 3s);
    CHECK(asked.action == Action::start);
    CHECK(asked.next.running->trigger.count == 6);
    CHECK(asked.next.running->trigger.operations == std::vector<std::string>{"o1"});
    CHECK(!asked.next.pending);
}

TEST_CASE("an end or a tick without a reason starts nothing", "[model][job]")
{
    const auto spec = with(Overlap::queue);
    CHECK(step(spec, {}, Tick{}, t0) == Step{{}, {}});
    CHECK(step(spec, {}, Ended{}, t0) == Step{{}, {}});
    const auto lane = running("x");
    CHECK(step(spec, lane, Tick{}, t0) == Step{lane, {}});
}

TEST_CASE("the next start by time is a period later, and a random part of it more", "[model][job]")
{
    JobSpec spec;
    spec.every = 100s;
    spec.jitter_percent = 10;
    CHECK(next_due(spec, t0, false, 0) == t0 + 100s);
    CHECK(next_due(spec, t0, false, 1) == t0 + 110s);
    CHECK(next_due(spec, t0, true, 0) == t0 + 100s);
    spec.start_delay = 1s;
    CHECK(next_due(spec, t0, true, 0) == t0 + 1s);
    CHECK(next_due(spec, t0, false, 0) == t0 + 100s);
}

TEST_CASE("changes of a service's state are edges", "[model][job]")
{
    using K = EdgeKind;
    using Kinds = std::vector<EdgeKind>;
    CHECK(edges_between("starting", "ready") == Kinds{K::service_ready});
    CHECK(edges_between("ready", "backoff") == Kinds{K::service_failed});
    CHECK(edges_between("ready", "failed") == Kinds{K::service_failed, K::service_given_up});
    CHECK(edges_between("backoff", "failed") == Kinds{K::service_given_up});
    CHECK(edges_between("stopping", "stopped") == Kinds{K::service_stopped});
    CHECK(edges_between("ready", "ready").empty());
    CHECK(edges_between("failed", "waiting").empty());
    for (const auto name : edge_names()) CHECK(name_of(*edge_named(name)) == name);
    CHECK(!edge_named("service.fail"));
}

TEST_CASE("an edge is wanted by kind and by whose it is, and never of the job itself", "[model][job]")
{
    JobSpec spec;
    spec.name = "hook";
    spec.on = {EdgeKind::service_failed};
    Edge edge;
    edge.of = "ctdbd";
    edge.reason = "exited with code 3";
    CHECK(wants(spec, edge));
    spec.of = {"smbd"};
    CHECK(!wants(spec, edge));
    spec.of = {"smbd", "ctdbd"};
    CHECK(wants(spec, edge));
    edge.kind = EdgeKind::service_ready;
    CHECK(!wants(spec, edge));
    edge.kind = EdgeKind::job_failed;
    edge.of = "hook";
    spec.on = {EdgeKind::job_failed};
    spec.of.clear();
    CHECK(!wants(spec, edge));
    edge.of = "backup";
    CHECK(wants(spec, edge));

    edge = {EdgeKind::check_failing, "web", "answers", "ready", "no route", "r1"};
    const auto trigger = trigger_of(edge);
    CHECK(trigger.cause == "check.failing of web (answers)");
    CHECK(trigger.environment.at("CTDB_PROCESSD_EDGE") == "check.failing");
    CHECK(trigger.environment.at("CTDB_PROCESSD_CHECK") == "answers");
    CHECK(trigger.environment.at("CTDB_PROCESSD_REASON") == "no route");
    CHECK(lane_of(edge) == "check.failing web answers");
}

TEST_CASE("a lane is the same after it was stored", "[model][job]")
{
    Lane lane = running("a");
    lane.running->run = "r1";
    lane.running->replaced = true;
    lane.running->trigger.environment["K"] = "v";
    lane.pending.emplace().operations = {"o1"};
    lane.pending_at = t0;
    lane.quiet_until = t0 + 5s;
    const nlohmann::json stored = lane;
    CHECK(stored.get<Lane>() == lane);
    CHECK(nlohmann::json(Lane{}).get<Lane>() == Lane{});
}
