// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/run.h: the life of one run, as decisions without effects.
//
//   Starting ──Spawned──▶ Running ──Exited──▶ Emptying ──Emptied──▶ Ended
//      │                     │ stop, timeout      ▲ │ Survived
//      │                     ▼                    │ ▼
//      │                  Stopping ──Exited───────┤ Stuck ──Emptied──▶ Ended
//      │                     │ kill_at            │
//      │                     ▼                    │
//      └──SpawnFailed──▶   Killing ──Exited───────┘        (SpawnFailed leads to Ended, or to Stuck with survivors)
//
// Time is CLOCK_MONOTONIC and passed in. The model knows no pid and no child: the shell binds a machine to its child,
// and signals are actions of states in which the leader has not been reaped, so a late signal has nowhere to go. step()
// never fails: an input that a state has no use for leaves it unchanged. A run has ended for its asker when its outcome
// is known (Emptying on); it is closed, and its child forgotten, in Ended.
#pragma once

#include "helpers/base/time.h"
#include "processd/model/outcome.h"

#include <csignal>
#include <optional>
#include <variant>
#include <vector>

namespace processd::model {

struct RunPolicy {
    std::optional<base::Duration> timeout;                 // from Spawned; the deadline starts when the command starts
    base::Duration stop_timeout = std::chrono::seconds{5}; // from SIGTERM to SIGKILL of the tree
    bool keep_leftovers =
        false; // processes that outlive the leader are left alone, unless it was cancelled or timed out
    friend bool operator==(const RunPolicy&, const RunPolicy&) = default;
};

namespace run {

struct Starting {
    std::optional<OutcomeKind> stop; // a stop was wanted before the child existed
    friend bool operator==(const Starting&, const Starting&) = default;
};
struct Running {
    std::optional<base::Time> until;
    friend bool operator==(const Running&, const Running&) = default;
};
struct Stopping { // the stop signal was sent
    OutcomeKind why = OutcomeKind::cancelled;
    base::Time kill_at;
    friend bool operator==(const Stopping&, const Stopping&) = default;
};
struct Killing { // SIGKILL for the whole tree was ordered: only Exited leads on
    OutcomeKind why = OutcomeKind::cancelled;
    friend bool operator==(const Killing&, const Killing&) = default;
};
struct Emptying { // the leader is gone, what it left behind is being killed
    Outcome outcome;
    friend bool operator==(const Emptying&, const Emptying&) = default;
};
struct Stuck { // something will not die: shown by name until it does
    Outcome outcome;
    friend bool operator==(const Stuck&, const Stuck&) = default;
};
struct Ended {
    Outcome outcome;
    friend bool operator==(const Ended&, const Ended&) = default;
};
using State = std::variant<Starting, Running, Stopping, Killing, Emptying, Stuck, Ended>;

struct Spawned {};
struct SpawnFailed {
    Outcome outcome;       // kind spawn_failed
    bool survives = false; // the half-made child is not gone yet
};
struct Exited {
    int wait_status = 0;
    std::optional<bool> oom{};                // as in an Outcome
    bool empty = false;                       // nothing of its tree is left, proven
    std::optional<std::uint64_t> oom_limit{}; // as in an Outcome
};
struct Emptied {};
struct Survived {};
struct StopWanted {
    OutcomeKind why = OutcomeKind::cancelled; // cancelled | timed_out
    int signal = SIGTERM;
    bool tree = true;                        // signal the whole tree, not just the leader
    std::optional<base::Duration> timeout{}; // instead of the policy's stop_timeout
};
struct Extended { // the command asks for more time to stop
    base::Time until;
};
struct Tick {};
using Input = std::variant<Spawned, SpawnFailed, Exited, Emptied, Survived, StopWanted, Extended, Tick>;

struct SendSignal {
    int signal = SIGTERM;
    bool tree = true;
    friend bool operator==(const SendSignal&, const SendSignal&) = default;
};
struct EmptyTree { // SIGKILL everything until nothing is found
    friend bool operator==(const EmptyTree&, const EmptyTree&) = default;
};
struct TellEnd { // the outcome is known: tell whoever waits
    friend bool operator==(const TellEnd&, const TellEnd&) = default;
};
struct Close { // write the final record, then let the keeper forget the child
    friend bool operator==(const Close&, const Close&) = default;
};
using Action = std::variant<SendSignal, EmptyTree, TellEnd, Close>;

struct Step {
    State next;
    std::vector<Action> actions;
    friend bool operator==(const Step&, const Step&) = default;
};

Step step(const RunPolicy& policy, const State& state, const Input& input, base::Time now);
std::optional<base::Time> deadline(const State& state); // when this state wants its next Tick
const Outcome* outcome(const State& state);             // null until it is known
std::string_view name_of(const State& state);           // starting | running | stopping | ended, as in a RunRecord

} // namespace run
} // namespace processd::model
