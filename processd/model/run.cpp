// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/run.h"

#include <algorithm>

namespace processd::model::run {
namespace {

struct Context {
    const RunPolicy& policy;
    base::Time now;
};

// The leader is gone. Where its tree is proven empty, or may live on, the run closes at once.
Step after_exit(OutcomeKind why, const Exited& e, bool keep_leftovers)
{
    Outcome outcome = outcome_from_wait(why, e.wait_status);
    // A leader that ends by a signal we did not send was signalled, whatever its policy.
    if (why == OutcomeKind::exited && outcome.signal) outcome.kind = OutcomeKind::signaled;
    outcome.oom = e.oom;
    outcome.oom_limit = e.oom_limit;
    if (e.empty || keep_leftovers) return {Ended{outcome}, {TellEnd{}, Close{}}};
    return {Emptying{outcome}, {TellEnd{}, EmptyTree{}}};
}

Step begin_stop(const StopWanted& w, const Context& c)
{
    return {Stopping{w.why, c.now + w.timeout.value_or(c.policy.stop_timeout)}, {SendSignal{w.signal, w.tree}}};
}

Step on(const Starting& s, const Spawned&, const Context& c)
{
    if (s.stop) return {Killing{*s.stop}, {EmptyTree{}}};
    return {Running{c.policy.timeout ? std::optional(c.now + *c.policy.timeout) : std::nullopt}, {}};
}
Step on(const Starting& s, const SpawnFailed& f, const Context&)
{
    Outcome outcome = f.outcome;
    if (s.stop) outcome.kind = *s.stop;
    if (f.survives) return {Stuck{outcome}, {TellEnd{}}};
    return {Ended{outcome}, {TellEnd{}, Close{}}};
}
// A child that has not become its command yet cannot be asked politely: SIGKILL reaches it in any step.
Step on(const Starting& s, const StopWanted& w, const Context&)
{
    if (s.stop) return {s, {}};
    return {Starting{w.why}, {EmptyTree{}}};
}
Step on(const Starting& s, const Exited& e, const Context&)
{
    return after_exit(s.stop.value_or(OutcomeKind::exited), e, false);
}

Step on(const Running&, const Exited& e, const Context& c)
{
    return after_exit(OutcomeKind::exited, e, c.policy.keep_leftovers);
}
Step on(const Running&, const StopWanted& w, const Context& c) { return begin_stop(w, c); }
Step on(const Running& s, const Tick&, const Context& c)
{
    if (!s.until || c.now < *s.until) return {s, {}};
    return begin_stop(StopWanted{OutcomeKind::timed_out}, c);
}

Step on(const Stopping& s, const Exited& e, const Context&) { return after_exit(s.why, e, false); }
Step on(const Stopping& s, const Tick&, const Context& c)
{
    if (c.now < s.kill_at) return {s, {}};
    return {Killing{s.why}, {EmptyTree{}}};
}
// A second, more urgent stop brings the end nearer, never further away.
Step on(const Stopping& s, const StopWanted& w, const Context& c)
{
    const auto kill_at = c.now + w.timeout.value_or(c.policy.stop_timeout);
    if (kill_at >= s.kill_at) return {s, {}};
    return {Stopping{s.why, kill_at}, {SendSignal{w.signal, w.tree}}};
}

Step on(const Stopping& s, const Extended& i, const Context&)
{
    return {Stopping{s.why, std::max(s.kill_at, i.until)}, {}};
}

Step on(const Killing& s, const Exited& e, const Context&) { return after_exit(s.why, e, false); }

Step on(const Emptying& s, const Emptied&, const Context&) { return {Ended{s.outcome}, {Close{}}}; }
Step on(const Emptying& s, const Survived&, const Context&) { return {Stuck{s.outcome}, {}}; }
Step on(const Stuck& s, const Emptied&, const Context&) { return {Ended{s.outcome}, {Close{}}}; }

template <class S, class I> Step on(const S& s, const I&, const Context&) { return {s, {}}; } // no arrow: stay

} // namespace

Step step(const RunPolicy& policy, const State& state, const Input& input, base::Time now)
{
    const Context context{policy, now};
    return std::visit([&](const auto& s, const auto& i) { return on(s, i, context); }, state, input);
}

std::optional<base::Time> deadline(const State& state)
{
    if (const auto* running = std::get_if<Running>(&state)) return running->until;
    if (const auto* stopping = std::get_if<Stopping>(&state)) return stopping->kill_at;
    return std::nullopt;
}

const Outcome* outcome(const State& state)
{
    if (const auto* emptying = std::get_if<Emptying>(&state)) return &emptying->outcome;
    if (const auto* stuck = std::get_if<Stuck>(&state)) return &stuck->outcome;
    if (const auto* ended = std::get_if<Ended>(&state)) return &ended->outcome;
    return nullptr;
}

std::string_view name_of(const State& state)
{
    if (std::holds_alternative<Starting>(state)) return "starting";
    if (std::holds_alternative<Running>(state)) return "running";
    if (std::holds_alternative<Stopping>(state) || std::holds_alternative<Killing>(state)) return "stopping";
    return "ended";
}

} // namespace processd::model::run
