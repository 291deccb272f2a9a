// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/service.h"

#include "processd/model/service_maker.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>

namespace processd::model {
namespace service {
namespace {

// After TERM to a whole tree that a stop command left behind, this long until KILL.
constexpr base::Duration kill_grace = std::chrono::seconds{2};

Maker make(const Service& s, const Context& c) { return {s, {}, c}; }

// Each overload is one arrow of the diagram.

Step on(const Service& s, const Down&, const StartWanted& i, const Context& c)
{
    auto m = make(s, c);
    m.start_afresh();
    return m.become(Waiting{}, "start wanted by " + i.by);
}
// Stopping what has failed clears the failure: it is now down because somebody wants it so.
Step on(const Service& s, const Down& d, const StopWanted& i, const Context& c)
{
    if (i.restart) return on(s, d, StartWanted{i.by}, c);
    auto m = make(s, c);
    m.s.wanted = false;
    const bool failed = d.why == Why::failed || d.why == Why::unmet;
    return failed ? m.become(Down{Why::stopped}, "stop wanted by " + i.by) : m.stay();
}
Step on(const Service& s, const Down& d, const ResetWanted& i, const Context& c)
{
    auto m = make(s, c);
    m.s.failures = 0;
    m.s.starts.clear();
    return d.why == Why::failed ? m.become(Down{Why::stopped}, "failure forgotten by " + i.by) : m.stay();
}
template <class S> Step on(const Service& s, const S&, const ResetWanted&, const Context& c)
{
    auto m = make(s, c);
    m.s.failures = 0;
    m.s.starts.clear();
    return m.stay();
}
Step on(const Service& s, const Down& d, const DependencyBack&, const Context& c)
{
    auto m = make(s, c);
    return d.why == Why::unmet ? m.become(Waiting{}, "what it needs is on its way") : m.stay();
}

Step on(const Service& s, const Waiting&, const DependenciesMet&, const Context& c) { return make(s, c).begin_start(); }
Step on(const Service& s, const Waiting&, const DependencyFailed& i, const Context& c)
{
    return make(s, c).become(Down{Why::unmet}, i.reason);
}
Step on(const Service& s, const Waiting&, const StopWanted& i, const Context& c)
{
    auto m = make(s, c);
    if (i.restart) return m.stay();
    m.s.wanted = false;
    return m.become(Down{Why::stopped}, "stop wanted by " + i.by);
}

// A wish that comes while it is on its way down is remembered: a start makes it a restart, a stop takes that back.
template <class Leaving>
Step change_of_mind(const Service& s, const Leaving&, bool wanted, const std::string& by, const Context& c)
{
    auto m = make(s, c);
    m.s.wanted = m.s.restart = wanted;
    m.s.reason = (wanted ? "start wanted by " : "stop wanted by ") + by;
    return m.stay();
}
bool going_up(const Service& s) { return s.wanted && !s.restart; }

Step on(const Service& s, const PreStart& p, const AuxEnded& i, const Context& c)
{
    auto m = make(s, c);
    if (!going_up(s)) return m.after_end(i.outcome, s.reason, {});
    if (!i.outcome.success())
        return m.after_end(i.outcome, sentence("pre_start command " + std::to_string(p.index + 1), i.outcome), {});
    const auto next = p.index + 1;
    if (next >= c.spec.pre_start.size()) return m.start_main();
    m.actions.push_back(StartRun{Role::pre_start, next});
    return m.become(PreStart{next}, "");
}
Step on(const Service& s, const PreStart& p, const StopWanted& i, const Context& c)
{
    auto next = change_of_mind(s, p, i.restart, i.by, c);
    if (going_up(s)) next.actions.push_back(CancelAux{});
    return next;
}
Step on(const Service& s, const PreStart& p, const StartWanted& i, const Context& c)
{
    return going_up(s) ? Step{s, {}} : change_of_mind(s, p, true, i.by, c);
}

Step ready_now(Maker m)
{
    const auto& watchdog = m.c.spec.watchdog;
    const auto alive_by = watchdog > base::Duration{} ? std::optional(m.c.now + watchdog) : std::nullopt;
    return m.become(Ready{m.c.now, alive_by}, "it is ready");
}

Step on(const Service& s, const Starting& st, const MainSpawned&, const Context& c)
{
    if (st.spawned) return {s, {}};
    auto m = make(s, c);
    const auto& ready = c.spec.ready;
    if (ready.kind == ReadyKind::none) return m.become(Ready{c.now, std::nullopt}, "it runs");
    Starting next{true, false, std::nullopt, std::nullopt};
    if (ready.kind == ReadyKind::probe) next.probe_at = c.now;
    if (ready.timeout > base::Duration{}) next.ready_by = c.now + ready.timeout;
    return m.become(next, "its process runs and is not ready yet");
}
Step on(const Service& s, const Starting&, const MainReady&, const Context& c) { return ready_now(make(s, c)); }
Step not_yet(const Service& s, const Starting& st, std::string reason, const Context& c)
{
    auto next = st;
    next.probing = false;
    next.probe_at = c.now + c.spec.ready.every;
    return make(s, c).become(next, std::move(reason));
}
Step on(const Service& s, const Starting& st, const AuxEnded& i, const Context& c)
{
    if (!st.probing) return {s, {}};
    if (i.outcome.success()) return ready_now(make(s, c));
    return not_yet(s, st, sentence("its readiness command", i.outcome), c);
}
Step on(const Service& s, const Starting& st, const ProbeEnded& i, const Context& c)
{
    if (!st.probing) return {s, {}};
    if (i.problem.empty()) return ready_now(make(s, c));
    return not_yet(s, st, target_of(c.spec.ready.probe) + ": " + i.problem, c);
}
// What there would have been, had it become ready.
std::string missing(const Service& s, const Starting& st, const ReadySpec& ready)
{
    switch (ready.kind) {
    case ReadyKind::none: return "";
    case ReadyKind::notify: return ": it has not sent READY=1";
    case ReadyKind::fd: return ": no newline came from its descriptor " + std::to_string(ready.fd);
    case ReadyKind::output: return ": it has printed no line with \"" + ready.pattern + "\"";
    case ReadyKind::probe:
        if (!st.probing) return ": " + s.reason;
        return ready.probe.kind == ProbeKind::command ? ": its readiness command has not ended"
                                                      : ": " + target_of(ready.probe) + " has not answered";
    }
    return "";
}
Step on(const Service& s, const Starting& st, const Tick&, const Context& c)
{
    auto m = make(s, c);
    if (st.ready_by && c.now >= *st.ready_by) {
        if (st.probing) m.actions.push_back(CancelAux{});
        m.s.unready = true;
        return m.stop_main(OutcomeKind::timed_out,
                           "not ready within " + text(c.spec.ready.timeout) + missing(s, st, c.spec.ready));
    }
    if (st.probe_at && !st.probing && c.now >= *st.probe_at) {
        auto next = st;
        next.probing = true;
        next.probe_at.reset();
        if (c.spec.ready.probe.kind == ProbeKind::command)
            m.actions.push_back(StartRun{Role::ready, 0});
        else
            m.actions.push_back(AskProbe{});
        return m.become(next, "");
    }
    return m.stay();
}
Step stop_wanted(const Service& s, const StopWanted& i, const Context& c)
{
    auto m = make(s, c);
    m.s.wanted = m.s.restart = i.restart;
    if (const auto* st = std::get_if<Starting>(&s.state); st && st->probing) m.actions.push_back(CancelAux{});
    return m.stop_main(OutcomeKind::cancelled, (i.restart ? "restart wanted by " : "stop wanted by ") + i.by);
}
Step on(const Service& s, const Starting& st, const StopWanted& i, const Context& c)
{
    if (st.spawned) return stop_wanted(s, i, c);
    // Not a command yet, so a stop command would find nobody to talk to.
    auto m = make(s, c);
    m.s.wanted = m.s.restart = i.restart;
    m.actions.push_back(StopMain{OutcomeKind::cancelled, false, c.spec.stop.timeout});
    return m.become(Stopping{}, (i.restart ? "restart wanted by " : "stop wanted by ") + i.by);
}
Step on(const Service& s, const Starting& st, const MainEnded& i, const Context& c)
{
    auto m = make(s, c);
    if (st.probing) m.actions.push_back(CancelAux{});
    return m.main_ended(i.outcome, i.why);
}

Step on(const Service& s, const Ready&, const StopWanted& i, const Context& c) { return stop_wanted(s, i, c); }
// What hangs hears no polite signal, and a core dump tells where it hangs.
Step abort_main(const Service& s, const Ready& r, std::string reason, const Context& c)
{
    auto m = make(s, c);
    if (c.now - r.since >= c.spec.restart.reset_after) m.s.failures = 0;
    m.s.unready = true;
    m.actions.push_back(StopMain{OutcomeKind::timed_out, false, c.spec.stop.timeout, SIGABRT});
    return m.become(Stopping{}, std::move(reason));
}
Step on(const Service& s, const Ready& r, const Tick&, const Context& c)
{
    if (!r.alive_by || c.now < *r.alive_by) return {s, {}};
    return abort_main(s, r, "no WATCHDOG=1 within " + text(c.spec.watchdog), c);
}
Step on(const Service& s, const Ready& r, const Notified& i, const Context& c)
{
    if (i.trouble) return abort_main(s, r, "it sent WATCHDOG=trigger", c);
    if (!r.alive_by) return {s, {}};
    auto m = make(s, c);
    return m.become(Ready{r.since, std::max(*r.alive_by, i.watchdog + c.spec.watchdog)}, "");
}
Step on(const Service& s, const Starting& st, const Notified& i, const Context& c)
{
    auto next = st;
    if (next.ready_by) next.ready_by = std::max(*next.ready_by, i.extend_until);
    return make(s, c).become(next, "");
}
Step on(const Service& s, const StopCommand& st, const Notified& i, const Context& c)
{
    auto next = st;
    next.deadline = std::max(next.deadline, i.extend_until);
    return make(s, c).become(next, "");
}

// As if it had failed by itself: with the delay of a restart, or none where the policy knows none.
Step on(const Service& s, const Ready& r, const CheckFailed& i, const Context& c)
{
    auto m = make(s, c);
    if (c.now - r.since >= c.spec.restart.reset_after) m.s.failures = 0;
    m.s.unready = true;
    return m.stop_main(OutcomeKind::cancelled, i.reason);
}
Step on(const Service& s, const Ready&, const MainEnded& i, const Context& c)
{
    return make(s, c).main_ended(i.outcome, i.why);
}

Step on(const Service& s, const StopCommand& st, const AuxEnded& i, const Context& c)
{
    auto m = make(s, c);
    if (st.ended) return m.main_ended(*st.ended, {});
    if (!st.running) return m.stay();
    if (i.outcome.success()) {
        auto next = st;
        next.running = false;
        return m.become(next, "");
    }
    m.actions.push_back(
        StopMain{OutcomeKind::cancelled, false, std::max<base::Duration>(st.deadline - c.now, kill_grace)});
    return m.become(Stopping{}, s.reason + "; " + sentence("its stop command", i.outcome));
}
Step on(const Service& s, const StopCommand& st, const MainEnded& i, const Context& c)
{
    auto m = make(s, c);
    if (!st.running) return m.main_ended(i.outcome, i.why);
    auto next = st;
    next.ended = i.outcome;
    return m.become(next, "");
}
Step on(const Service& s, const StopCommand& st, const Tick&, const Context& c)
{
    if (c.now < st.deadline) return {s, {}};
    auto m = make(s, c);
    if (st.running) m.actions.push_back(CancelAux{});
    if (st.ended) return m.main_ended(*st.ended, {});
    m.actions.push_back(StopMain{OutcomeKind::cancelled, true, kill_grace});
    return m.become(Stopping{}, s.reason + "; still there after " + text(c.spec.stop.timeout));
}
Step on(const Service& s, const Stopping&, const MainEnded& i, const Context& c)
{
    return make(s, c).main_ended(i.outcome, i.why);
}

Step on(const Service& s, const StopCommand& st, const StartWanted& i, const Context& c)
{
    return change_of_mind(s, st, true, i.by, c);
}
Step on(const Service& s, const StopCommand& st, const StopWanted& i, const Context& c)
{
    return change_of_mind(s, st, i.restart, i.by, c);
}
Step on(const Service& s, const Stopping& st, const StartWanted& i, const Context& c)
{
    return change_of_mind(s, st, true, i.by, c);
}
Step on(const Service& s, const Stopping& st, const StopWanted& i, const Context& c)
{
    return change_of_mind(s, st, i.restart, i.by, c);
}
Step on(const Service& s, const PostStop& st, const StartWanted& i, const Context& c)
{
    return change_of_mind(s, st, true, i.by, c);
}
Step on(const Service& s, const PostStop& st, const StopWanted& i, const Context& c)
{
    return change_of_mind(s, st, i.restart, i.by, c);
}

Step on(const Service& s, const PostStop& p, const AuxEnded&, const Context& c)
{
    auto m = make(s, c);
    const auto next = p.index + 1;
    if (next >= c.spec.post_stop.size()) return m.decide();
    m.actions.push_back(StartRun{Role::post_stop, next});
    return m.become(PostStop{next}, "");
}

Step on(const Service& s, const BackOff& b, const Tick&, const Context& c)
{
    return c.now < b.until ? Step{s, {}} : make(s, c).become(Waiting{}, "");
}
Step on(const Service& s, const BackOff&, const StartWanted& i, const Context& c)
{
    auto m = make(s, c);
    m.start_afresh();
    return m.become(Waiting{}, "start wanted by " + i.by);
}
Step on(const Service& s, const BackOff& b, const StopWanted& i, const Context& c)
{
    if (i.restart) return on(s, b, StartWanted{i.by}, c);
    auto m = make(s, c);
    m.s.wanted = false;
    return m.become(Down{Why::stopped}, "stop wanted by " + i.by);
}

template <class S, class I> Step on(const Service& s, const S&, const I&, const Context&)
{
    return {s, {}};
} // no arrow: stay

} // namespace

Step step(const Service& service, const Input& input, const Context& context)
{
    return std::visit([&](const auto& state, const auto& i) { return on(service, state, i, context); }, service.state,
                      input);
}

std::optional<base::Time> deadline(const Service& service)
{
    if (const auto* starting = std::get_if<Starting>(&service.state)) {
        const auto probe = starting->probing ? std::nullopt : starting->probe_at;
        if (probe && starting->ready_by) return std::min(*probe, *starting->ready_by);
        return probe ? probe : starting->ready_by;
    }
    if (const auto* stop = std::get_if<StopCommand>(&service.state)) return stop->deadline;
    if (const auto* ready = std::get_if<Ready>(&service.state)) return ready->alive_by;
    if (const auto* back_off = std::get_if<BackOff>(&service.state)) return back_off->until;
    return std::nullopt;
}

std::string_view name_of(const Service& service)
{
    struct Name {
        std::string_view operator()(const Down& d) const
        {
            return d.why == Why::failed || d.why == Why::unmet ? "failed" : "stopped";
        }
        std::string_view operator()(const Waiting&) const { return "waiting"; }
        std::string_view operator()(const PreStart&) const { return "starting"; }
        std::string_view operator()(const Starting&) const { return "starting"; }
        std::string_view operator()(const Ready&) const { return "ready"; }
        std::string_view operator()(const StopCommand&) const { return "stopping"; }
        std::string_view operator()(const Stopping&) const { return "stopping"; }
        std::string_view operator()(const PostStop&) const { return "stopping"; }
        std::string_view operator()(const BackOff&) const { return "backoff"; }
    };
    return std::visit(Name{}, service.state);
}

bool settled(const Service& service)
{
    return std::holds_alternative<Down>(service.state) || std::holds_alternative<BackOff>(service.state) ||
           std::holds_alternative<Waiting>(service.state);
}

bool is_success(const RestartSpec& spec, const Outcome& outcome)
{
    if (outcome.kind == OutcomeKind::cancelled) return true; // we ended it, for somebody who wanted so
    return outcome.kind == OutcomeKind::exited && outcome.code && spec.success_codes.contains(*outcome.code);
}

base::Duration restart_delay(const RestartSpec& spec, int failures, double random)
{
    const int doublings = std::clamp(failures - 1, 0, 40);
    const double grown = static_cast<double>(spec.delay.count()) * std::pow(2.0, doublings);
    const double capped = std::min(grown, static_cast<double>(std::max(spec.delay, spec.max_delay).count()));
    return base::Duration{std::llround(capped * (1.0 + random * spec.jitter_percent / 100.0))};
}

} // namespace service

namespace {

constexpr std::array<std::string_view, 5> role_names{"main", "pre_start", "ready", "stop", "post_stop"};

} // namespace

std::string_view name_of(Role role) { return role_names[static_cast<std::size_t>(role)]; }

std::optional<Role> role_named(std::string_view name)
{
    for (std::size_t i = 0; i < role_names.size(); ++i)
        if (role_names[i] == name) return static_cast<Role>(i);
    return std::nullopt;
}

} // namespace processd::model
