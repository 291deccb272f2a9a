// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/service_spec.h: what a configuration directory says, as values. config/ makes them, supervisor/ runs
// them. Every Duration is zero or more.
#pragma once

#include "processd/model/access.h"
#include "processd/model/check.h"
#include "processd/model/job.h"
#include "processd/model/log_spec.h"
#include "processd/model/probe_spec.h"
#include "processd/model/process_spec.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace processd::model {

enum class ReadyKind { none, notify, fd, output, probe };

struct ReadySpec {
    ReadyKind kind = ReadyKind::none;
    ProbeSpec probe;                                         // probe: asked until it says yes
    base::Duration every = std::chrono::milliseconds{500};   // probe: from the end of one try to the next
    base::Duration reply_timeout = std::chrono::seconds{10}; // probe: one try
    std::uint32_t fd = 3;                                    // fd: a newline written there means ready
    std::string pattern;                                     // output: a line that contains this text
    base::Duration timeout = std::chrono::minutes{1};        // from start to ready; zero: no limit
    friend bool operator==(const ReadySpec&, const ReadySpec&) = default;
};

enum class RestartPolicy { always, on_failure, never };

struct RestartSpec {
    RestartPolicy policy = RestartPolicy::on_failure;
    base::Duration delay = std::chrono::milliseconds{500}; // before the first restart; doubled for each further one
    base::Duration max_delay = std::chrono::minutes{1};
    int jitter_percent = 10;                              // of the delay, added at random
    base::Duration reset_after = std::chrono::minutes{1}; // ready for so long: counts as healthy, back to delay
    int burst = 0;                                        // starts within burst_window; 0: no limit
    base::Duration burst_window = std::chrono::minutes{10};
    std::set<int> success_codes{0}; // exit codes that are no failure
    friend bool operator==(const RestartSpec&, const RestartSpec&) = default;
};

struct StopSpec {
    std::vector<std::string> command;                  // empty: signal only
    std::string signal = "TERM";                       // to the leader; after the command's timeout to the tree
    base::Duration timeout = std::chrono::seconds{10}; // from the stop's beginning to SIGKILL of the tree
    friend bool operator==(const StopSpec&, const StopSpec&) = default;
};

// Who declared a service over the API, and when.
struct Transient {
    std::string by;
    base::WallTime since{};
    friend bool operator==(const Transient&, const Transient&) = default;
};

struct ServiceSpec {
    std::string name; // file stem
    ProcessSpec process;
    bool auto_start = true;
    std::vector<std::string> after;     // order only: wait until these are ready or not going to be
    std::vector<std::string> requires_; // after, and start them, and stop with them. TOML and JSON: "requires"
    std::vector<std::string> binds_to;  // requires, and stop also when they fail
    std::vector<std::string> groups;    // names by which several are meant at once; not stored. TOML: "service_groups"
    std::optional<std::string> runtime_directory; // made at start, owned by user, mode 0755, removed after stop
    std::vector<std::vector<std::string>>
        pre_start; // one after the other, as the service's user; a failure fails the start
    std::vector<std::vector<std::string>> post_stop;        // always after the tree is empty
    base::Duration hook_timeout = std::chrono::seconds{30}; // for each of pre_start and post_stop
    base::Duration watchdog{}; // longest time between two WATCHDOG=1 while it is ready; zero: none is expected
    ReadySpec ready;
    std::vector<CheckSpec> checks; // by name
    RestartSpec restart;
    StopSpec stop;
    std::optional<Transient> transient; // none: it is declared by a file. Not stored
    LogSpec logs;                       // not stored: lines go by what is configured now
    friend bool operator==(const ServiceSpec&, const ServiceSpec&) = default;
};

// What holds for a process that was made with `begun`, while `configured` is what the configuration says by now: what
// made the process and what was made for it stays, what is only asked when it is needed is new. config/changes.cpp has
// the table.
ServiceSpec in_force(const ServiceSpec& configured, const ServiceSpec& begun);

// For state.tdb. from_json throws nlohmann's exceptions.
void to_json(nlohmann::json& j, const ServiceSpec& spec);
void from_json(const nlohmann::json& j, ServiceSpec& spec);

struct ApiSpec { // who may connect at all, which is the kernel's to judge
    std::uint32_t socket_mode = 0666;
    std::string socket_owner, socket_group; // names or numbers; empty: the daemon's own
    friend bool operator==(const ApiSpec&, const ApiSpec&) = default;
};

enum class Sync { never, interval, always };

struct DaemonSpec { // processd.toml
    AccessSpec access;
    ApiSpec api;
    base::Duration stop_budget = std::chrono::seconds{90};
    std::string log_level = "info";
    LogSpec logs; // no sink configured: stderr
    std::uint64_t max_records = 20'000;
    base::Duration max_record_age{};              // zero: no limit
    std::uint64_t tail_bytes = 64 * 1024;         // output kept with a record
    std::uint64_t log_memory_bytes = 4ULL << 20U; // lines kept for GET /v1/logs
    Sync sync = Sync::interval;
    base::Duration sync_interval = std::chrono::seconds{5};
    std::uint64_t max_body_bytes = 2ULL << 20U;
    int max_connections = 256;
    int max_connections_per_uid = 64;
    base::Duration idle_timeout = std::chrono::minutes{1};
    base::Duration request_timeout = std::chrono::seconds{10}; // from first byte to end of body
    std::uint64_t stream_backlog_bytes = 1ULL << 20U;          // a follower further behind gets a gap
    int max_runs = 256;                                        // ad-hoc runs at one time
    friend bool operator==(const DaemonSpec&, const DaemonSpec&) = default;
};

struct Configuration {
    DaemonSpec daemon;
    std::map<std::string, ServiceSpec> services;
    std::map<std::string, JobSpec> jobs;          // and hooks; no name is a service's too
    std::map<std::string, std::string> templates; // of which they may be instances: "smbd@", and its file
    friend bool operator==(const Configuration&, const Configuration&) = default;
};

std::string_view name_of(ReadyKind kind);
std::string_view name_of(RestartPolicy policy);

} // namespace processd::model
