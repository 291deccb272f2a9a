// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/live_run.h"

#include <catch2/catch.hpp>

using namespace processd;
using namespace processd::supervisor;
using namespace std::chrono_literals;

namespace {

model::RunRecord record()
{
    model::RunRecord r;
    r.id = "01ABC";
    r.number = 7;
    r.name = "x";
    r.process.command = {"/bin/x", "a b"};
    r.created = base::wall_from_ns(1'700'000'000'000'000'000);
    r.timeout = 30s;
    return r;
}

} // namespace

TEST_CASE("a note brings a run back as it was asked for", "[supervisor][hand-over]")
{
    Launch launch;
    launch.record = record();
    launch.stdin_data = "given to the child already";
    launch.runtime_directory = "/run/x";
    launch.ready_by = protocol::ReadyBy::fd;
    launch.ready_fd = 5;
    launch.ready_pattern = "listening";
    const auto back = parse_note(note_of(launch));
    REQUIRE(back);
    CHECK(back->record == launch.record);
    CHECK_FALSE(back->stdin_data);
    CHECK(back->runtime_directory == launch.runtime_directory);
    CHECK(back->ready_by == launch.ready_by);
    CHECK(back->ready_fd == 5);
    CHECK(back->ready_pattern == "listening");
    CHECK_FALSE(back->then);
}

TEST_CASE("a lookup's note carries the run it is for, its stdin included", "[supervisor][hand-over]")
{
    Launch lookup;
    lookup.record = record();
    lookup.then = std::make_unique<Launch>();
    lookup.then->record = record();
    lookup.then->stdin_data = std::string("a\0b\xff", 4);
    const auto back = parse_note(note_of(lookup));
    REQUIRE(back);
    REQUIRE(back->then);
    CHECK(back->then->stdin_data == std::string("a\0b\xff", 4));
}

TEST_CASE("a note that is not ours is an error, not a crash", "[supervisor][hand-over]")
{
    for (const auto* bad : {"", "{}", "[]", "nonsense", R"({"record": {}})", R"({"record": 5, "ready_by": 0})"}) {
        CAPTURE(bad);
        const auto parsed = parse_note(bad);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == base::Errc::corrupt);
    }
}

TEST_CASE("a cookie keeps the deadline of a stop over a manager's end", "[supervisor][hand-over]")
{
    const StopMark mark{model::OutcomeKind::timed_out, base::time_from_ns(123), "it outlived its timeout"};
    CHECK(parse_cookie(cookie_of(mark)) == mark);
    CHECK(cookie_of({model::OutcomeKind::cancelled, {}, std::string(100'000, 'x')}).size() <= protocol::max_cookie);
    CHECK_FALSE(parse_cookie(""));
    CHECK_FALSE(parse_cookie("{"));
}

TEST_CASE("a run is taken up in the state that its child and cookie show", "[supervisor][hand-over]")
{
    protocol::ChildState told{};
    told.started_mono_ns = 1'000;
    const StopMark stop{model::OutcomeKind::cancelled, base::time_from_ns(5'000), ""};

    told.phase = protocol::Phase::starting;
    CHECK(resumed_state(record(), told, std::nullopt) == model::run::State{model::run::Starting{}});
    told.phase = protocol::Phase::running;
    CHECK(resumed_state(record(), told, std::nullopt) ==
          model::run::State{model::run::Running{base::time_from_ns(1'000) + 30s}});
    CHECK(resumed_state(record(), told, stop) ==
          model::run::State{model::run::Stopping{model::OutcomeKind::cancelled, base::time_from_ns(5'000)}});
}

TEST_CASE("a child's state fills the record", "[supervisor][hand-over]")
{
    auto r = record();
    protocol::ChildState told{};
    told.phase = protocol::Phase::exited;
    told.pid = 42;
    told.started_mono_ns = 1'000;
    told.exited_mono_ns = 4'000;
    told.user_us = 7;
    told.proof = protocol::Proof::cgroup;
    told.flags = protocol::flag_drained | protocol::flag_populated;
    update_record(r, told);
    CHECK(r.pid == 42);
    CHECK(r.duration == base::Duration{3'000});
    CHECK(r.usage.user == 7us);
    CHECK_FALSE(r.proof);

    told.emptying = protocol::Emptying::survivors;
    told.survivor_count = 12;
    told.survivors = {1, 2, 3, 4, 5, 6, 7, 8};
    update_record(r, told);
    CHECK(r.leftovers.size() == 8);

    told.emptying = protocol::Emptying::done;
    told.survivor_count = 1;
    update_record(r, told);
    CHECK(r.leftovers == std::vector<std::int32_t>{1});
    CHECK(r.proof == "cgroup");
}

TEST_CASE("a failed spawn names its stage and errno", "[supervisor][hand-over]")
{
    protocol::ChildState told{};
    told.phase = protocol::Phase::failed;
    told.stage = protocol::Stage::chdir;
    told.stage_errno = ENOENT;
    CHECK(model::sentence(spawn_failure({}, told)) == "could not start: chdir: No such file or directory");
    told.flags = protocol::flag_stuck;
    told.stage_errno = 0;
    CHECK(spawn_failure({}, told).stage == "stuck:chdir");
}
