// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/job.h: a declared short-lived command and what makes it run: somebody who asks, a period, a path that
// changes, an edge in the life of something else. A hook is a job that edges alone make run. As decisions without
// effects.
//
//   idle ──Triggered──▶ running ──Ended──▶ idle            Triggered within `debounce` of a start, or while it runs and
//                          ▲                 │             `overlap` is not skip: pending, with what triggers it again
//                          └──Ended, Tick── pending        merged into it, so that nothing piles up
//
// A job has lanes, which do not wait for each other: one for itself, and one for each edge and what that is of, so that
// one hanging command of a hook delays no other. Time is CLOCK_MONOTONIC and passed in; so is the random part of a
// period. A Job is written to state.tdb before its actions are carried out.
#pragma once

#include "processd/model/access.h"
#include "processd/model/log_spec.h"
#include "processd/model/process_spec.h"

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace processd::model {

// service_failed: has ended or could not start, and restarts or not; service_given_up: and will not by itself.
enum class EdgeKind {
    service_ready,
    service_failed,
    service_given_up,
    service_stopped,
    check_failing,
    check_good,
    job_failed
};
struct Edge {
    EdgeKind kind = EdgeKind::service_failed;
    std::string of;     // service or job
    std::string check;  // of check_failing and check_good
    std::string state;  // of the service by now
    std::string reason; // a sentence
    std::string run;    // of its main process or command; empty: none
    friend bool operator==(const Edge&, const Edge&) = default;
};
// What a service's change from one state's name to another is, where it is an edge.
std::vector<EdgeKind> edges_between(std::string_view before, std::string_view after);

enum class Overlap { skip, queue, replace };

struct JobSpec {
    std::string name; // file stem
    bool hook = false;
    ProcessSpec process;
    std::optional<base::Duration> timeout; // none: no limit
    base::Duration stop_timeout = std::chrono::seconds{5};
    std::set<int> success_codes{0};
    base::Duration every{};                                 // from one start to the next; zero: not by time
    std::optional<base::Duration> start_delay;              // to the first one; none: `every`
    int jitter_percent = 10;                                // of `every`, added at random
    std::vector<std::string> on_change;                     // absolute paths
    base::Duration settle = std::chrono::milliseconds{200}; // a path is quiet for so long before it is looked at
    std::set<EdgeKind> on;
    std::set<std::string> of;  // services and jobs whose edges count; empty: all
    base::Duration debounce{}; // the least time between two starts in a lane of edges
    Overlap overlap = Overlap::queue;
    AccessRule allow; // who may run it beside those with level operate
    LogSpec logs;
    friend bool operator==(const JobSpec&, const JobSpec&) = default;
};

namespace job {

struct Trigger {
    std::string cause; // "every 10m", "/etc/exports changed", "service.failed of web", "uid 0 (processctl)"
    std::map<std::string, std::string> environment; // beside the process's
    std::vector<std::string> operations;            // that are done when the run has ended
    std::uint64_t count = 1;                        // triggers that this stands for
    friend bool operator==(const Trigger&, const Trigger&) = default;
};

struct Running {
    std::string run; // set by who carries start out
    Trigger trigger;
    bool replaced = false; // told to end, as another is to take its place
    friend bool operator==(const Running&, const Running&) = default;
};

struct Lane {
    std::optional<Running> running;
    std::optional<Trigger> pending;
    base::Time pending_at{};  // not before
    base::Time quiet_until{}; // since the last start by an edge
    friend bool operator==(const Lane&, const Lane&) = default;
};

enum class By { person, time, path, edge };
struct Triggered {
    By by = By::person;
    Trigger trigger;
};
struct Ended {};
struct Tick {};
using Input = std::variant<Triggered, Ended, Tick>;

enum class Action { start, stop, skip }; // start: what `running` says by now; skip: the trigger comes to nothing

struct Step {
    Lane next;
    std::optional<Action> action;
    friend bool operator==(const Step&, const Step&) = default;
};
Step step(const JobSpec& spec, const Lane& lane, const Input& input, base::Time now);
std::optional<base::Time> deadline(const Lane& lane);
bool is_idle(const Lane& lane, base::Time now); // and nothing of it has to be remembered

// The next start by time. random: 0 … 1.
base::Time next_due(const JobSpec& spec, base::Time from, bool first, double random);
// Whether the edge makes it run, and the trigger that it is.
bool wants(const JobSpec& spec, const Edge& edge);
Trigger trigger_of(const Edge& edge);
std::string lane_of(const Edge& edge); // its name

} // namespace job

std::string_view name_of(EdgeKind kind); // "service.failed"
std::optional<EdgeKind> edge_named(std::string_view name);
std::vector<std::string_view> edge_names();
std::string_view name_of(Overlap overlap);

namespace job {
// For state.tdb; times as monotonic nanoseconds, good within one keeper life only. from_json throws nlohmann's
// exceptions.
void to_json(nlohmann::json& j, const Lane& lane);
void from_json(const nlohmann::json& j, Lane& lane);
} // namespace job

} // namespace processd::model
