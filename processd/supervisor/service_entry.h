// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/service_entry.h: one service as the supervisor holds it, and the pure parts around it: the
// commands of its roles, its order among others, its status. Internal to services.cpp.
#pragma once

#include "processd/loop/loop.h"
#include "processd/model/service.h"
#include "processd/probe/probe.h"
#include "processd/supervisor/last_lines.h"
#include "processd/supervisor/runs.h"

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace processd::supervisor {

struct LastEnd { // how main ended last
    std::string run;
    model::Outcome outcome;
    base::WallTime ended;
    std::string why; // the run's reason
    std::vector<model::OutputPiece> lines;
};

struct CheckEntry {
    model::CheckSpec spec;
    model::Check machine;
    std::unique_ptr<loop::Timer> timer;
    std::unique_ptr<probe::Probe> probe; // of the present or last question
    std::string run;                     // of the present question, if it is a command's
};

struct ServiceEntry {
    model::ServiceSpec spec;                 // as configured
    std::optional<model::ServiceSpec> begun; // as configured when the present start began; none while it is settled
    bool removed = false;                    // from the configuration; forgotten once it is down
    model::Service machine;
    std::string main;            // run of the present or last process
    std::string aux;             // newest auxiliary run
    std::string operation;       // open one
    bool operation_left = false; // a restart has left the state it began in
    base::WallTime since, ready_since;
    std::optional<LastEnd> last;
    std::vector<std::int32_t> stuck;     // survivors of main
    std::vector<std::int32_t> strangers; // of the last emptied tree, see RunRecord
    std::optional<std::string> proof;    // of the last emptied tree
    // A stop that waits for others to be down first.
    struct PendingStop {
        std::string by;
        bool restart = false;
    };
    std::optional<PendingStop> pending_stop;
    // For maintenance: nothing starts it, and neither checks nor a watchdog do anything to it.
    struct Hold {
        std::string by;
        base::WallTime since;
    };
    std::optional<Hold> held;
    std::unique_ptr<loop::Timer> timer;
    std::map<std::string, CheckEntry> checks;  // while it is ready
    std::unique_ptr<probe::Probe> ready_probe; // while it is asked
};
using ServiceMap = std::map<std::string, ServiceEntry, std::less<>>;

// The stored form, without what is configured.
nlohmann::json stored(const ServiceEntry& entry);
void restore(ServiceEntry& entry, const nlohmann::json& document); // throws nlohmann's exceptions

RunRequest run_request(const ServiceEntry& entry, model::Role role, std::uint32_t index, std::string id,
                       const std::string& prepare_program);
// The specification as the machine sees it: what is in force for the present process, and the removal of its runtime
// directory as one more post_stop command.
model::ServiceSpec effective(const ServiceEntry& entry, const std::string& prepare_program);

// --- order; pure ---
// Everything that `name` must have to run: requires and binds_to, and theirs. Without name itself.
std::vector<std::string> needed_by(const ServiceMap& services, std::string_view name);
// Everything that requires or is bound to `name`, and so on. Without name itself.
std::vector<std::string> dependents_of(const ServiceMap& services, std::string_view name);
struct DependencyState {
    std::vector<std::string> waits_for;
    std::string failed; // a sentence, when the start cannot succeed
};
DependencyState dependencies(const ServiceMap& services, const ServiceEntry& entry);
// Services that must be down before `name` may be stopped: those after it that are on their way down too.
bool must_wait_to_stop(const ServiceMap& services, std::string_view name);
// Why it is in its state, as a sentence.
std::string reason_of(const ServiceEntry& entry, const ServiceMap& services);
bool is_live(const ServiceEntry& entry); // something of it runs, or is about to
// What is known of the end of main beside its outcome: why it was stopped, or that it left processes behind.
std::string why_ended(const model::RunRecord& main);
bool is_unmet(const ServiceEntry& entry); // failed for want of what it requires
// Keys of its configuration that what runs of it was not started with.
std::vector<std::string> changed_keys(const ServiceEntry& entry);
// What goes down when `name` has ended by itself: what is bound to it, and all that requires that.
std::vector<std::string> bound_to(const ServiceMap& services, std::string_view name);

// Why it is in its state, since when, what it waits for and why that is so, how it ended last, what comes next:
// sentences.
std::vector<std::string> why_sentences(const ServiceMap& services, const ServiceEntry& entry, base::Time now,
                                       base::WallTime wall_now);
// docs/openapi.yaml, Service.
nlohmann::json service_status(const std::string& name, const ServiceEntry& entry, const ServiceMap& services,
                              const Runs& runs);

} // namespace processd::supervisor
