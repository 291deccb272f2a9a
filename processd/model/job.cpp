// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/job.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace processd::model {
namespace {

constexpr std::array<std::string_view, 7> edge_texts{"service.ready",   "service.failed", "service.given_up",
                                                     "service.stopped", "check.failing",  "check.good",
                                                     "job.failed"};
constexpr std::array<std::string_view, 3> overlap_texts{"skip", "queue", "replace"};

} // namespace

std::vector<EdgeKind> edges_between(std::string_view before, std::string_view after)
{
    if (before == after) return {};
    if (after == "ready") return {EdgeKind::service_ready};
    if (after == "stopped") return {EdgeKind::service_stopped};
    if (after == "backoff") return {EdgeKind::service_failed};
    if (after != "failed") return {};
    if (before == "backoff") return {EdgeKind::service_given_up};
    return {EdgeKind::service_failed, EdgeKind::service_given_up};
}

std::string_view name_of(EdgeKind kind) { return edge_texts[static_cast<std::size_t>(kind)]; }
std::string_view name_of(Overlap overlap) { return overlap_texts[static_cast<std::size_t>(overlap)]; }
std::vector<std::string_view> edge_names() { return {edge_texts.begin(), edge_texts.end()}; }

std::optional<EdgeKind> edge_named(std::string_view name)
{
    const auto* at = std::find(edge_texts.begin(), edge_texts.end(), name);
    if (at == edge_texts.end()) return std::nullopt;
    return static_cast<EdgeKind>(at - edge_texts.begin());
}

namespace job {
namespace {

void merge(Lane& lane, const Trigger& trigger, base::Time at)
{
    if (!lane.pending) {
        lane.pending = trigger;
        lane.pending_at = at;
        return;
    }
    auto& pending = *lane.pending;
    pending.cause = trigger.cause;
    pending.environment = trigger.environment;
    pending.operations.insert(pending.operations.end(), trigger.operations.begin(), trigger.operations.end());
    pending.count += trigger.count;
    lane.pending_at = std::min(lane.pending_at, at); // who asks does not wait for a quiet time
}

using Done = std::optional<Action>;

Done start(const JobSpec& spec, Lane& lane, const Trigger& trigger, bool edge, base::Time now)
{
    lane.running.emplace().trigger = trigger;
    if (edge) lane.quiet_until = now + spec.debounce;
    return Action::start;
}

Done start_pending(const JobSpec& spec, Lane& lane, base::Time now)
{
    if (!lane.pending || lane.running || now < lane.pending_at) return {};
    const auto trigger = *lane.pending;
    lane.pending.reset();
    return start(spec, lane, trigger, lane.quiet_until != base::Time{}, now);
}

Done on(const JobSpec& spec, Lane& lane, const Triggered& input, base::Time now)
{
    const bool edge = input.by == By::edge;
    if (!lane.running) {
        const bool quiet = edge && now < lane.quiet_until;
        if (!quiet && !lane.pending) return start(spec, lane, input.trigger, edge, now);
        merge(lane, input.trigger, quiet ? lane.quiet_until : now); // what waited for a quiet time goes along
        return start_pending(spec, lane, now);
    }
    if (spec.overlap == Overlap::skip) return Action::skip;
    merge(lane, input.trigger, edge ? std::max(now, lane.quiet_until) : now);
    if (spec.overlap != Overlap::replace || std::exchange(lane.running->replaced, true)) return {};
    return Action::stop;
}

Done on(const JobSpec& spec, Lane& lane, const Ended&, base::Time now)
{
    lane.running.reset();
    return start_pending(spec, lane, now);
}

Done on(const JobSpec& spec, Lane& lane, const Tick&, base::Time now) { return start_pending(spec, lane, now); }

} // namespace

Step step(const JobSpec& spec, const Lane& lane, const Input& input, base::Time now)
{
    Step step{lane, {}};
    step.action = std::visit([&](const auto& i) { return on(spec, step.next, i, now); }, input);
    return step;
}

std::optional<base::Time> deadline(const Lane& lane)
{
    if (lane.running || !lane.pending) return std::nullopt;
    return lane.pending_at;
}

bool is_idle(const Lane& lane, base::Time now) { return !lane.running && !lane.pending && lane.quiet_until <= now; }

base::Time next_due(const JobSpec& spec, base::Time from, bool first, double random)
{
    const auto period = first ? spec.start_delay.value_or(spec.every) : spec.every;
    const auto jitter = static_cast<double>(period.count()) * spec.jitter_percent / 100 * random;
    return from + period + base::Duration{static_cast<base::Duration::rep>(jitter)};
}

bool wants(const JobSpec& spec, const Edge& edge)
{
    return spec.on.contains(edge.kind) && (spec.of.empty() || spec.of.contains(edge.of)) && edge.of != spec.name;
}

Trigger trigger_of(const Edge& edge)
{
    Trigger trigger;
    trigger.cause = std::string(name_of(edge.kind)) + " of " + edge.of;
    if (!edge.check.empty()) trigger.cause += " (" + edge.check + ")";
    trigger.environment = {{"CTDB_PROCESSD_EDGE", std::string(name_of(edge.kind))},
                           {"CTDB_PROCESSD_OF", edge.of},
                           {"CTDB_PROCESSD_CHECK", edge.check},
                           {"CTDB_PROCESSD_STATE", edge.state},
                           {"CTDB_PROCESSD_REASON", edge.reason},
                           {"CTDB_PROCESSD_RUN", edge.run}};
    return trigger;
}

std::string lane_of(const Edge& edge)
{
    return std::string(name_of(edge.kind)) + " " + edge.of + (edge.check.empty() ? "" : " " + edge.check);
}

namespace {

nlohmann::json json_of(const Trigger& t)
{
    return {{"cause", t.cause}, {"environment", t.environment}, {"operations", t.operations}, {"count", t.count}};
}
Trigger trigger_from(const nlohmann::json& j)
{
    return {j.at("cause"), j.at("environment").get<std::map<std::string, std::string>>(),
            j.at("operations").get<std::vector<std::string>>(), j.at("count")};
}

} // namespace

void to_json(nlohmann::json& j, const Lane& lane)
{
    j = {{"running", nullptr},
         {"pending", lane.pending ? json_of(*lane.pending) : nlohmann::json(nullptr)},
         {"pending_at_ns", base::to_ns(lane.pending_at)},
         {"quiet_until_ns", base::to_ns(lane.quiet_until)}};
    if (lane.running)
        j["running"] = {{"run", lane.running->run},
                        {"trigger", json_of(lane.running->trigger)},
                        {"replaced", lane.running->replaced}};
}

void from_json(const nlohmann::json& j, Lane& lane)
{
    if (const auto& running = j.at("running"); !running.is_null())
        lane.running = Running{running.at("run"), trigger_from(running.at("trigger")), running.at("replaced")};
    if (const auto& pending = j.at("pending"); !pending.is_null()) lane.pending = trigger_from(pending);
    lane.pending_at = base::time_from_ns(j.at("pending_at_ns"));
    lane.quiet_until = base::time_from_ns(j.at("quiet_until_ns"));
}

} // namespace job
} // namespace processd::model
