// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/changes.h"

#include <array>

namespace processd::config {
namespace {

using model::DaemonSpec;
using model::JobSpec;
using model::ProcessSpec;
using model::ServiceSpec;

enum class Applies { now, at_next_start };

template <class Spec> struct Key {
    std::string_view name;
    Applies applies;
    bool (*same)(const Spec&, const Spec&);
};

// What is asked again each time it is needed applies now; what made the process applies to the next one:
// model::in_force.
#define SAME(member) [](const auto& a, const auto& b) { return a.member == b.member; }
// All of them apply at the next start.
constexpr std::array<Key<ProcessSpec>, 25> process_keys{{
    {"command", Applies::at_next_start, SAME(command)},
    {"user", Applies::at_next_start, SAME(user)},
    {"group", Applies::at_next_start, SAME(group)},
    {"groups", Applies::at_next_start, SAME(groups)},
    {"cwd", Applies::at_next_start, SAME(cwd)},
    {"umask", Applies::at_next_start, SAME(umask)},
    {"environment", Applies::at_next_start, SAME(environment)},
    {"environment_file", Applies::at_next_start, SAME(environment_file)},
    {"nice", Applies::at_next_start, SAME(nice)},
    {"io_class", Applies::at_next_start, SAME(io_class)},
    {"io_level", Applies::at_next_start, SAME(io_level)},
    {"scheduler", Applies::at_next_start, SAME(scheduler)},
    {"priority", Applies::at_next_start, SAME(priority)},
    {"cpus", Applies::at_next_start, SAME(cpus)},
    {"oom_score_adj", Applies::at_next_start, SAME(oom_score_adj)},
    {"limits", Applies::at_next_start, SAME(limits)},
    {"capabilities", Applies::at_next_start, SAME(capabilities)},
    {"capability_bounds", Applies::at_next_start, SAME(capability_bounds)},
    {"no_new_privs", Applies::at_next_start, SAME(no_new_privs)},
    {"bind", Applies::at_next_start, SAME(bind)},
    {"cgroup", Applies::at_next_start, SAME(cgroup)},
    {"redact", Applies::at_next_start, SAME(redact)},
    {"as_permitted", Applies::at_next_start, SAME(as_permitted)},
    {"ring", Applies::at_next_start, SAME(ring_bytes)},
    {"spawn_timeout", Applies::at_next_start, SAME(spawn_timeout)},
}};
constexpr std::array<Key<ServiceSpec>, 28> service_keys{{
    {"start", Applies::now, SAME(auto_start)},
    {"after", Applies::now, SAME(after)},
    {"requires", Applies::now, SAME(requires_)},
    {"binds_to", Applies::now, SAME(binds_to)},
    {"service_groups", Applies::now, SAME(groups)},
    {"runtime_directory", Applies::at_next_start, SAME(runtime_directory)},
    {"pre_start", Applies::at_next_start, SAME(pre_start)},
    {"post_stop", Applies::now, SAME(post_stop)},
    {"hook_timeout", Applies::now, SAME(hook_timeout)},
    {"watchdog", Applies::at_next_start, SAME(watchdog)},
    {"ready", Applies::at_next_start, SAME(ready)},
    {"check", Applies::now, SAME(checks)},
    {"restart.policy", Applies::now, SAME(restart.policy)},
    {"restart.delay", Applies::now, SAME(restart.delay)},
    {"restart.max_delay", Applies::now, SAME(restart.max_delay)},
    {"restart.jitter_percent", Applies::now, SAME(restart.jitter_percent)},
    {"restart.reset_after", Applies::now, SAME(restart.reset_after)},
    {"restart.burst", Applies::now, SAME(restart.burst)},
    {"restart.burst_window", Applies::now, SAME(restart.burst_window)},
    {"restart.success_codes", Applies::now, SAME(restart.success_codes)},
    {"stop.command", Applies::now, SAME(stop.command)},
    {"stop.signal", Applies::now, SAME(stop.signal)},
    {"stop.timeout", Applies::now, SAME(stop.timeout)},
    {"logs.stdout", Applies::now, SAME(logs.out)},
    {"logs.stderr", Applies::now, SAME(logs.err)},
    {"logs.rate_lines", Applies::now, SAME(logs.rate_lines)},
    {"logs.rate_period", Applies::now, SAME(logs.rate_period)},
    {"logs.sink", Applies::now, SAME(logs.sinks)},
}};
// A run is made with what is configured when it starts.
constexpr std::array<Key<JobSpec>, 19> job_keys{{
    {"timeout", Applies::at_next_start, SAME(timeout)},
    {"stop_timeout", Applies::at_next_start, SAME(stop_timeout)},
    {"success_codes", Applies::now, SAME(success_codes)},
    {"every", Applies::now, SAME(every)},
    {"start_delay", Applies::now, SAME(start_delay)},
    {"jitter_percent", Applies::now, SAME(jitter_percent)},
    {"on_change", Applies::now, SAME(on_change)},
    {"settle", Applies::now, SAME(settle)},
    {"on", Applies::now, SAME(on)},
    {"of", Applies::now, SAME(of)},
    {"debounce", Applies::now, SAME(debounce)},
    {"overlap", Applies::now, SAME(overlap)},
    {"allow.users", Applies::now, SAME(allow.users)},
    {"allow.groups", Applies::now, SAME(allow.groups)},
    {"logs.stdout", Applies::now, SAME(logs.out)},
    {"logs.stderr", Applies::now, SAME(logs.err)},
    {"logs.rate_lines", Applies::now, SAME(logs.rate_lines)},
    {"logs.rate_period", Applies::now, SAME(logs.rate_period)},
    {"logs.sink", Applies::now, SAME(logs.sinks)},
}};
// The store is made once in the manager's life.
constexpr std::array<Key<DaemonSpec>, 24> daemon_keys{{
    {"stop_budget", Applies::now, SAME(stop_budget)},
    {"log_level", Applies::now, SAME(log_level)},
    {"access", Applies::now, SAME(access)},
    {"api.socket_mode", Applies::now, SAME(api.socket_mode)},
    {"api.socket_owner", Applies::now, SAME(api.socket_owner)},
    {"api.socket_group", Applies::now, SAME(api.socket_group)},
    {"limits.body", Applies::now, SAME(max_body_bytes)},
    {"limits.connections", Applies::now, SAME(max_connections)},
    {"limits.connections_per_uid", Applies::now, SAME(max_connections_per_uid)},
    {"limits.idle_timeout", Applies::now, SAME(idle_timeout)},
    {"limits.request_timeout", Applies::now, SAME(request_timeout)},
    {"limits.stream_backlog", Applies::now, SAME(stream_backlog_bytes)},
    {"limits.runs", Applies::now, SAME(max_runs)},
    {"records.max_count", Applies::at_next_start, SAME(max_records)},
    {"records.max_age", Applies::at_next_start, SAME(max_record_age)},
    {"records.tail", Applies::at_next_start, SAME(tail_bytes)},
    {"records.sync", Applies::at_next_start, SAME(sync)},
    {"records.sync_interval", Applies::at_next_start, SAME(sync_interval)},
    {"logs.memory", Applies::now, SAME(log_memory_bytes)},
    {"logs.stdout", Applies::now, SAME(logs.out)},
    {"logs.stderr", Applies::now, SAME(logs.err)},
    {"logs.rate_lines", Applies::now, SAME(logs.rate_lines)},
    {"logs.rate_period", Applies::now, SAME(logs.rate_period)},
    {"logs.sink", Applies::now, SAME(logs.sinks)},
}};
#undef SAME

template <class Keys, class Spec>
void differing(const Keys& keys, const Spec& before, const Spec& after, std::vector<std::string>& now,
               std::vector<std::string>& at_next_start)
{
    for (const auto& key : keys)
        if (!key.same(before, after)) (key.applies == Applies::now ? now : at_next_start).emplace_back(key.name);
}

} // namespace

std::string_view name_of(ChangeKind kind)
{
    switch (kind) {
    case ChangeKind::added: return "added";
    case ChangeKind::removed: return "removed";
    case ChangeKind::removed_running: return "removed_running";
    case ChangeKind::changed: return "changed";
    }
    return "changed";
}

namespace {

// Appends what became of the things of one kind, by name.
template <class Specs, class Keys>
void compare_all(const Specs& before, const Specs& after, const Keys& keys, const std::set<std::string>& running,
                 std::vector<ServiceChange>& changes)
{
    std::map<std::string, ServiceChange> found; // as two maps are walked
    for (const auto& [name, old] : before) {
        ServiceChange change{name, ChangeKind::changed, {}, {}};
        const auto kept = after.find(name);
        if (kept == after.end()) {
            change.kind = running.contains(name) ? ChangeKind::removed_running : ChangeKind::removed;
        } else {
            // Of what has no process everything is new at its next start, which is when any of it counts.
            auto& later = running.contains(name) ? change.at_next_start : change.now;
            differing(process_keys, old.process, kept->second.process, change.now, later);
            differing(keys, old, kept->second, change.now, later);
            if (change.now.empty() && change.at_next_start.empty()) continue;
        }
        found.emplace(name, std::move(change));
    }
    for (const auto& entry : after)
        if (!before.contains(entry.first))
            found.emplace(entry.first, ServiceChange{entry.first, ChangeKind::added, {}, {}});
    for (auto& entry : found) changes.push_back(std::move(entry.second));
}

} // namespace

Changes compare(const model::Configuration& before, const model::Configuration& after,
                const std::set<std::string>& running)
{
    Changes changes;
    differing(daemon_keys, before.daemon, after.daemon, changes.daemon_now, changes.daemon_at_next_start);
    compare_all(before.services, after.services, service_keys, running, changes.services);
    compare_all(before.jobs, after.jobs, job_keys, running, changes.services);
    return changes;
}

std::vector<std::string> awaiting_start(const model::ServiceSpec& begun, const model::ServiceSpec& configured)
{
    std::vector<std::string> now, later;
    differing(process_keys, begun.process, configured.process, now, later);
    differing(service_keys, begun, configured, now, later);
    return later;
}

} // namespace processd::config
