// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/core/course.h"

namespace mutex {
namespace {

struct Context {
    const Rules& rules;
    base::Time now;
};

Step let_go(const Context& c, int exit_code, std::string say)
{
    return {LettingGo{c.now + c.rules.letting_go, exit_code}, {}, std::move(say)};
}

Step on(const Asking&, const Took& took, const Context& c)
{
    if (!took.valid_until || c.now < *took.valid_until) return {Holding{took.valid_until}, Byte::taken, {}};
    return {LettingGo{c.now + c.rules.letting_go, 0}, Byte::too_late, c.rules.too_late}; // we were stopped meanwhile
}
Step on(const Asking&, const Contended&, const Context&) { return {Ended{0}, Byte::contended, {}}; }
Step on(const Asking&, const Failed& failed, const Context&) { return {Ended{0}, Byte::failed, failed.why}; }
Step on(const Asking&, const ParentGone& gone, const Context& c) { return let_go(c, 0, gone.why); }
Step on(const Asking&, const AskedToEnd&, const Context& c) { return let_go(c, 0, {}); }
Step on(const Asking& s, const Tick&, const Context& c)
{
    if (c.now < s.answer_by) return {s, {}, {}};
    return {Ended{0}, Byte::too_late, c.rules.too_late};
}

Step on(const Holding&, const Renewed& renewed, const Context&) { return {Holding{renewed.valid_until}, {}, {}}; }
Step on(const Holding&, const Lost& lost, const Context& c) { return let_go(c, c.rules.exit_when_lost, lost.why); }
Step on(const Holding&, const ParentGone& gone, const Context& c) { return let_go(c, 0, gone.why); }
Step on(const Holding&, const AskedToEnd&, const Context& c) { return let_go(c, 0, {}); }
Step on(const Holding& s, const Tick&, const Context& c)
{
    if (!s.valid_until || c.now < *s.valid_until) return {s, {}, {}};
    return let_go(c, c.rules.exit_when_lost, "lock lost - not renewed in time");
}

// What the backend took after all it lets go by itself, as it knows that it shall.
Step on(const LettingGo& s, const LetGo&, const Context&) { return {Ended{s.exit_code}, {}, {}}; }
Step on(const LettingGo& s, const Tick&, const Context& c)
{
    if (c.now < s.leave_by) return {s, {}, {}};
    return {Ended{s.exit_code}, {}, c.rules.cannot_let};
}

template <class S, class I> Step on(const S& s, const I&, const Context&) { return {s, {}, {}}; } // no arrow: stay

} // namespace

Step step(const Rules& rules, const State& state, const Input& input, base::Time now)
{
    const Context context{rules, now};
    return std::visit([&](const auto& s, const auto& i) { return on(s, i, context); }, state, input);
}

std::optional<base::Time> deadline(const State& state)
{
    if (const auto* asking = std::get_if<Asking>(&state)) return asking->answer_by;
    if (const auto* holding = std::get_if<Holding>(&state)) return holding->valid_until;
    if (const auto* letting = std::get_if<LettingGo>(&state)) return letting->leave_by;
    return std::nullopt;
}

} // namespace mutex
