// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/service_maker.h"

#include "helpers/base/duration.h"

namespace processd::model::service {

std::string text(base::Duration d)
{
    if (d >= std::chrono::seconds{1}) d = std::chrono::round<std::chrono::seconds>(d);
    return base::format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(d));
}

Step Maker::become(State state, std::string reason)
{
    s.state = std::move(state);
    if (!reason.empty()) s.reason = std::move(reason);
    return {std::move(s), std::move(actions)};
}

Step Maker::stay() { return {std::move(s), std::move(actions)}; }

Step Maker::start_main()
{
    actions.push_back(StartRun{Role::main, 0});
    return become(Starting{}, "its process is being started");
}

void Maker::start_afresh()
{
    s.wanted = true;
    s.failures = 0;
    s.starts.clear();
}

Step Maker::begin_start()
{
    const auto& r = c.spec.restart;
    std::erase_if(s.starts, [&](base::Time t) { return t + r.burst_window <= c.now; });
    if (r.burst > 0 && static_cast<int>(s.starts.size()) >= r.burst) {
        s.wanted = false;
        return become(Down{Why::failed}, "it was started " + std::to_string(r.burst) +
                                             (r.burst == 1 ? " time within " : " times within ") +
                                             text(r.burst_window) + ", which is its burst limit" +
                                             (s.last ? "; it ended last: " + sentence(*s.last, s.last_why) : ""));
    }
    if (r.burst > 0) s.starts.push_back(c.now);
    if (s.failures > 0) ++s.restarts; // a start that somebody wants begins with none
    s.restart = s.unready = false;
    if (c.spec.pre_start.empty()) return start_main();
    actions.push_back(StartRun{Role::pre_start, 0});
    return become(PreStart{0}, "its pre_start commands run");
}

Step Maker::stop_main(OutcomeKind why, std::string reason)
{
    const auto& stop = c.spec.stop;
    if (stop.command.empty()) {
        actions.push_back(StopMain{why, false, stop.timeout});
        return become(Stopping{}, std::move(reason));
    }
    actions.push_back(StartRun{Role::stop, 0});
    return become(StopCommand{c.now + stop.timeout, true, std::nullopt}, std::move(reason));
}

Step Maker::after_end(Outcome outcome, std::string reason, std::string why)
{
    s.last = std::move(outcome);
    s.last_why = std::move(why);
    s.reason = std::move(reason);
    if (c.spec.post_stop.empty()) return decide();
    actions.push_back(StartRun{Role::post_stop, 0});
    return become(PostStop{0}, "");
}

Step Maker::decide()
{
    const Outcome outcome = s.last.value_or(Outcome{});
    const bool failed = s.unready || !is_success(c.spec.restart, outcome);
    if (s.restart) {
        s.restart = s.unready = false;
        start_afresh();
        return become(Waiting{}, "");
    }
    if (!s.wanted) {
        s.unready = false;
        return become(Down{Why::stopped}, "");
    }
    const auto policy = c.spec.restart.policy;
    if (policy == RestartPolicy::never || (policy == RestartPolicy::on_failure && !failed)) {
        s.wanted = s.unready = false;
        if (failed) return become(Down{Why::failed}, s.reason + ", and its restart policy is never");
        return become(Down{Why::completed}, s.reason + ", which counts as success");
    }
    s.unready = false;
    ++s.failures;
    const auto delay = restart_delay(c.spec.restart, s.failures, c.random);
    if (delay <= base::Duration{}) return become(Waiting{}, "");
    return become(BackOff{c.now + delay}, s.reason + ", restart after " + text(delay));
}

Step Maker::main_ended(const Outcome& outcome, const std::string& why)
{
    if (const auto* ready = std::get_if<Ready>(&s.state); ready && c.now - ready->since >= c.spec.restart.reset_after)
        s.failures = 0;
    if (s.unready) return after_end(outcome, s.reason, why);
    const bool asked = !s.wanted || s.restart; // and then the reason is why
    return after_end(outcome,
                     asked ? s.reason + "; " + sentence("its process", outcome) : sentence("its process", outcome, why),
                     why);
}

} // namespace processd::model::service
