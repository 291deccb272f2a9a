// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/changes.h: what a reload means, as a table of values: for each service and job and for the daemon
// itself the keys that apply at once and those that wait for the next start.
#pragma once

#include "processd/model/service_spec.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace processd::config {

enum class ChangeKind {
    added,           // a new service; "start" says whether it is started
    removed,         // gone, and it was not running
    removed_running, // gone but running: it runs on until it is stopped
    changed,
};

struct ServiceChange { // or a job's
    std::string name;
    ChangeKind kind = ChangeKind::changed;
    std::vector<std::string> now;           // keys in force from now on
    std::vector<std::string> at_next_start; // keys of a running service that its next start picks up
    friend bool operator==(const ServiceChange&, const ServiceChange&) = default;
};

struct Changes {
    std::vector<std::string> daemon_now;           // keys of processd.toml
    std::vector<std::string> daemon_at_next_start; // of the manager
    std::vector<ServiceChange> services;           // by name, then jobs and hooks by name
    [[nodiscard]] bool empty() const { return daemon_now.empty() && daemon_at_next_start.empty() && services.empty(); }
    friend bool operator==(const Changes&, const Changes&) = default;
};

std::string_view name_of(ChangeKind kind); // "added" "removed" "removed_running" "changed"

// running: the services and jobs that have a process now.
Changes compare(const model::Configuration& before, const model::Configuration& after,
                const std::set<std::string>& running);
// Keys of a service that runs as it was configured when it began, and that its next start picks up.
std::vector<std::string> awaiting_start(const model::ServiceSpec& begun, const model::ServiceSpec& configured);

} // namespace processd::config
