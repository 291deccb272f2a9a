// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/run.h"

#include <catch2/catch.hpp>

using namespace processd::model;
using namespace processd::model::run;
using namespace std::chrono_literals;

namespace {

const base::Time t0 = base::time_from_ns(1'000'000'000);
const RunPolicy policy{30s, 5s, false};
constexpr int exit_3 = 3 << 8;

Outcome outcome_of(OutcomeKind kind, int status) { return outcome_from_wait(kind, status); }

std::vector<State> all_states()
{
    return {Starting{},
            Starting{OutcomeKind::cancelled},
            Running{t0 + 30s},
            Running{},
            Stopping{OutcomeKind::cancelled, t0 + 5s},
            Killing{OutcomeKind::timed_out},
            Emptying{outcome_of(OutcomeKind::exited, 0)},
            Stuck{outcome_of(OutcomeKind::exited, 0)},
            Ended{outcome_of(OutcomeKind::exited, 0)}};
}
std::vector<Input> all_inputs()
{
    Outcome failed;
    failed.kind = OutcomeKind::spawn_failed;
    return {Spawned{},
            SpawnFailed{failed, false},
            Exited{0, false, true},
            Exited{0, false, false},
            Emptied{},
            Survived{},
            StopWanted{},
            Tick{}};
}

} // namespace

TEST_CASE("every state takes every input, and only these pairs change anything", "[model][run]")
{
    // Rows as all_states(), columns as all_inputs(); a dot is "stays, does nothing".
    const std::vector<std::string> table{
        "xxxx..x.", // starting
        "xxxx....", // starting, stop wanted
        "..xx..x.", // running (the tick at t0 is before its deadline)
        "..xx..x.", // running without a limit
        "..xx....", // stopping: a second stop with the same time left brings nothing nearer
        "..xx....", // killing
        "....xx..", // emptying
        "....x...", // stuck
        "........", // ended
    };
    const auto states = all_states();
    const auto inputs = all_inputs();
    REQUIRE(table.size() == states.size());
    for (std::size_t s = 0; s < states.size(); ++s)
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            CAPTURE(s, i);
            const auto [next, actions] = step(policy, states[s], inputs[i], t0);
            CHECK((next == states[s] && actions.empty()) == (table[s][i] == '.'));
        }
}

TEST_CASE("a run's deadline starts when its command starts", "[model][run]")
{
    const auto [next, actions] = step(policy, Starting{}, Spawned{}, t0);
    CHECK(next == State{Running{t0 + 30s}});
    CHECK(actions.empty());
    CHECK(deadline(next) == t0 + 30s);
    CHECK(deadline(step(RunPolicy{}, Starting{}, Spawned{}, t0).next) == std::nullopt);
}

TEST_CASE("a run that outlives its timeout is asked to stop, and killed after its stop timeout", "[model][run]")
{
    const auto stopping = step(policy, Running{t0 + 30s}, Tick{}, t0 + 30s);
    CHECK(stopping.next == State{Stopping{OutcomeKind::timed_out, t0 + 35s}});
    CHECK(stopping.actions == std::vector<Action>{SendSignal{SIGTERM, true}});

    CHECK(step(policy, stopping.next, Tick{}, t0 + 34s).next == stopping.next);
    const auto killing = step(policy, stopping.next, Tick{}, t0 + 35s);
    CHECK(killing.next == State{Killing{OutcomeKind::timed_out}});
    CHECK(killing.actions == std::vector<Action>{EmptyTree{}});

    const auto ended = step(policy, killing.next, Exited{SIGKILL, false, true}, t0 + 36s);
    REQUIRE(outcome(ended.next) != nullptr);
    CHECK(outcome(ended.next)->kind == OutcomeKind::timed_out);
    CHECK(outcome(ended.next)->signal == SIGKILL);
    CHECK_FALSE(outcome(ended.next)->code.has_value());
    CHECK(ended.actions == std::vector<Action>{TellEnd{}, Close{}});
}

TEST_CASE("what is known of memory goes from a run's end into its outcome", "[model][run]")
{
    const auto of = [](std::optional<bool> oom, std::optional<std::uint64_t> limit) {
        const auto ended = step(policy, Running{}, Exited{SIGKILL, oom, true, limit}, t0);
        return std::pair{outcome(ended.next)->oom, outcome(ended.next)->oom_limit};
    };
    CHECK(of({}, {}) == std::pair{std::optional<bool>{}, std::optional<std::uint64_t>{}});
    CHECK(of(false, {}).first == false);
    CHECK(of(true, 4096) == std::pair{std::optional(true), std::optional<std::uint64_t>{4096}});
}

TEST_CASE("what a leader leaves behind is killed before the run closes", "[model][run]")
{
    const auto emptying = step(policy, Running{}, Exited{exit_3, {}, false}, t0);
    CHECK(emptying.next == State{Emptying{outcome_of(OutcomeKind::exited, exit_3)}});
    CHECK(emptying.actions == std::vector<Action>{TellEnd{}, EmptyTree{}});
    const auto stuck = step(policy, emptying.next, Survived{}, t0);
    CHECK(stuck.next == State{Stuck{outcome_of(OutcomeKind::exited, exit_3)}});
    const auto ended = step(policy, stuck.next, Emptied{}, t0);
    CHECK(ended.next == State{Ended{outcome_of(OutcomeKind::exited, exit_3)}});
    CHECK(ended.actions == std::vector<Action>{Close{}});
}

TEST_CASE("leftovers are kept where the policy says so, but not after a cancel", "[model][run]")
{
    const RunPolicy keep{std::nullopt, 5s, true};
    CHECK(step(keep, Running{}, Exited{0, false, false}, t0).actions == std::vector<Action>{TellEnd{}, Close{}});
    CHECK(step(keep, Stopping{OutcomeKind::cancelled, t0}, Exited{SIGTERM, false, false}, t0).actions ==
          std::vector<Action>{TellEnd{}, EmptyTree{}});
}

TEST_CASE("a signal of somebody else's is told apart from ours", "[model][run]")
{
    const auto theirs = step(policy, Running{}, Exited{SIGSEGV | 0x80, false, true}, t0);
    CHECK(outcome(theirs.next)->kind == OutcomeKind::signaled);
    CHECK(outcome(theirs.next)->core == true);
    const auto ours = step(policy, Stopping{OutcomeKind::cancelled, t0}, Exited{SIGTERM, false, true}, t0);
    CHECK(outcome(ours.next)->kind == OutcomeKind::cancelled);
    CHECK(outcome(ours.next)->signal == SIGTERM);
}

TEST_CASE("a stop before the command exists kills whatever there is of it", "[model][run]")
{
    const auto wanted = step(policy, Starting{}, StopWanted{}, t0);
    CHECK(wanted.next == State{Starting{OutcomeKind::cancelled}});
    CHECK(wanted.actions == std::vector<Action>{EmptyTree{}});
    CHECK(step(policy, wanted.next, Spawned{}, t0).next == State{Killing{OutcomeKind::cancelled}});
    CHECK(outcome(step(policy, wanted.next, Exited{SIGKILL, false, true}, t0).next)->kind == OutcomeKind::cancelled);
}

TEST_CASE("a more urgent stop brings the kill nearer, a later one does not put it off", "[model][run]")
{
    const Stopping stopping{OutcomeKind::cancelled, t0 + 60s};
    const auto urgent = step(policy, stopping, StopWanted{OutcomeKind::cancelled, SIGTERM, true, 1s}, t0);
    CHECK(urgent.next == State{Stopping{OutcomeKind::cancelled, t0 + 1s}});
    CHECK(step(policy, urgent.next, StopWanted{OutcomeKind::cancelled, SIGTERM, true, 60s}, t0).next == urgent.next);
}

TEST_CASE("a command that never started has no exit status", "[model][run]")
{
    Outcome failure;
    failure.kind = OutcomeKind::spawn_failed;
    failure.stage = "exec";
    failure.errno_value = ENOENT;
    const auto ended = step(policy, Starting{}, SpawnFailed{failure, false}, t0);
    CHECK(ended.next == State{Ended{failure}});
    CHECK(ended.actions == std::vector<Action>{TellEnd{}, Close{}});
    CHECK(step(policy, Starting{}, SpawnFailed{failure, true}, t0).next == State{Stuck{failure}});
}
