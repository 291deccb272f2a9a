// SPDX-License-Identifier: GPL-3.0-or-later
// A service's state in sentences, for whoever is woken by it: GET /v1/services/{name}/why. Pure.
#include "helpers/base/duration.h"
#include "helpers/base/wall_time.h"
#include "processd/supervisor/service_entry.h"

#include <algorithm>
#include <set>

namespace processd::supervisor {
namespace {

namespace service = model::service;

std::string span(base::Duration d)
{
    if (d >= std::chrono::seconds{1}) d = std::chrono::round<std::chrono::seconds>(d);
    return base::format_duration(std::chrono::round<std::chrono::milliseconds>(std::max(d, base::Duration{})));
}

std::string seconds_text(base::WallTime time)
{
    const auto text = base::format_wall_time(time);
    return text.substr(0, text.find('.')) + "Z";
}

class Why {
public:
    Why(const ServiceMap& services, base::Time now, base::WallTime wall_now)
        : services_(services), now_(now), wall_now_(wall_now)
    {
    }

    std::vector<std::string> of(const ServiceEntry& entry)
    {
        const auto& name = entry.spec.name;
        const auto state = service::name_of(entry.machine);
        std::string first = name + " is " + std::string(state) + " since " + seconds_text(entry.since) + ", " +
                            span(wall_now_ - entry.since) + " ago";
        say(entry.machine.reason.empty() ? first + "." : first + ": " + entry.machine.reason + ".");
        if (const auto& transient = entry.spec.transient)
            say("It is transient: " + transient->by + " declared it over the API at " + seconds_text(transient->since) +
                ", and it goes when the daemon ends.");
        if (entry.held)
            say("It is held by " + entry.held->by + " since " + seconds_text(entry.held->since) +
                ": nothing starts it, and checks do nothing to it, until somebody releases it.");
        say(entry.machine.wanted ? "It is wanted up." : "It is not wanted up, so that nothing starts it by itself.");
        if (entry.pending_stop)
            say("A stop waits until what needs it is down; wanted by " + entry.pending_stop->by + ".");
        waits(entry, "It");
        changed(entry);
        checks(entry);
        last(entry);
        if (!entry.stuck.empty()) {
            std::string pids;
            for (const auto pid : entry.stuck) pids += (pids.empty() ? "" : ", ") + std::to_string(pid);
            say("Processes of it survived SIGKILL, so that it cannot start again: pid " + pids + ".");
        }
        next(entry);
        return std::move(sentences_);
    }

private:
    void say(std::string sentence) { sentences_.push_back(std::move(sentence)); }

    // Each of the others once, down to the one that all wait for.
    void waits(const ServiceEntry& entry, const std::string& who)
    {
        const bool waiting = std::holds_alternative<service::Waiting>(entry.machine.state);
        if (!waiting && !is_unmet(entry)) return;
        for (const auto& name : dependencies(services_, entry).waits_for) {
            const auto found = services_.find(name);
            if (found == services_.end() || !told_.insert(name).second) continue;
            const auto& other = found->second;
            std::string sentence =
                who + " waits for " + name + ", which is " + std::string(service::name_of(other.machine));
            if (other.held)
                sentence += " and held by " + other.held->by;
            else if (!other.machine.reason.empty())
                sentence += ": " + other.machine.reason;
            say(sentence + ".");
            waits(other, name);
        }
    }

    void changed(const ServiceEntry& entry)
    {
        const auto keys = changed_keys(entry);
        if (keys.empty()) return;
        std::string list;
        for (const auto& key : keys) list += (list.empty() ? "" : ", ") + key;
        say("Its configuration has changed since it was started (" + list +
            "), which counts from its next start on: " + "`processctl restart " + entry.spec.name + "`.");
    }

    void checks(const ServiceEntry& entry)
    {
        for (const auto& [name, one] : entry.checks)
            if (one.machine.failing)
                say("Its check " + name + " fails: " + model::target_of(one.spec.probe) + ": " + one.machine.problem +
                    ".");
    }

    void last(const ServiceEntry& entry)
    {
        if (!entry.last) return;
        const auto& last = *entry.last;
        say(model::sentence("Its last process", last.outcome, last.why) + " at " + seconds_text(last.ended) + " (run " +
            last.run + ")" + (last.lines.empty() ? "." : ", after it had said:"));
        for (const auto& line : last.lines) say("    " + line.data);
    }

    void next(const ServiceEntry& entry)
    {
        const auto& state = entry.machine.state;
        const auto at = service::deadline(entry.machine);
        const auto in = at ? span(*at - now_) : std::string();
        if (std::holds_alternative<service::BackOff>(state))
            say(entry.held ? "It would be started again, were it not held."
                           : "It is started again in " + in + ", after " +
                                 (entry.machine.failures == 1
                                      ? std::string("a failure")
                                      : std::to_string(entry.machine.failures) + " failures in a row") +
                                 "; `processctl start " + entry.spec.name + "` does so now.");
        else if (std::holds_alternative<service::Starting>(state) && at)
            say("It has to be ready in " + in + ".");
        else if (std::holds_alternative<service::StopCommand>(state) && at)
            say("What is left of it is killed in " + in + ".");
        else if (const auto* down = std::get_if<service::Down>(&state); down && down->why == service::Why::failed)
            say("It stays so until somebody starts it: `processctl start " + entry.spec.name + "`.");
    }

    const ServiceMap& services_;
    base::Time now_;
    base::WallTime wall_now_;
    std::set<std::string> told_;
    std::vector<std::string> sentences_;
};

} // namespace

std::vector<std::string> why_sentences(const ServiceMap& services, const ServiceEntry& entry, base::Time now,
                                       base::WallTime wall_now)
{
    return Why(services, now, wall_now).of(entry);
}

} // namespace processd::supervisor
