// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/service.h: how a service is brought up, kept up and taken down, as decisions without effects.
//
//   Down ──StartWanted──▶ Waiting ──DependenciesMet──▶ PreStart ─▶ Starting ──ready──▶ Ready
//    ▲                       ▲                            │            │ stop, late      │ stop
//    │                       │ until                      │            ▼                 ▼
//    │                    BackOff ◀──────────────┐        │        StopCommand ────▶ Stopping
//    │                                           │        ▼            │                 │
//    └───────────────────────────────────────────┴── PostStop ◀────────┴────────── MainEnded
//
// The main process and the commands around it are runs (run.h), each with a role; the shell binds them and feeds their
// ends in. Of auxiliary runs (anything but main) the newest counts; the end of one that was cancelled is not told.
// MainEnded comes when the main run is closed, hence its tree is empty. Time is CLOCK_MONOTONIC and passed in; so is
// the random part of a delay. step() never fails. The whole Service is written to state.tdb before its actions are
// carried out: see to_json.
#pragma once

#include "processd/model/outcome.h"
#include "processd/model/service_spec.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace processd::model {

enum class Role { main, pre_start, ready, stop, post_stop };

namespace service {

// Of Down. unmet: wanted, but not to be had without what it requires.
enum class Why { never_started, stopped, completed, failed, unmet };

struct Down {
    Why why = Why::never_started;
    friend bool operator==(const Down&, const Down&) = default;
};
struct Waiting { // for the services it comes after
    friend bool operator==(const Waiting&, const Waiting&) = default;
};
struct PreStart {
    std::uint32_t index = 0;
    friend bool operator==(const PreStart&, const PreStart&) = default;
};
struct Starting { // main was asked for; not ready yet
    bool spawned = false;
    bool probing = false;                 // the readiness command is running, or the probe asked
    std::optional<base::Time> probe_at{}; // its next try
    std::optional<base::Time> ready_by{}; // the start has failed if not ready by then
    friend bool operator==(const Starting&, const Starting&) = default;
};
struct Ready {
    base::Time since;
    std::optional<base::Time> alive_by{}; // the next WATCHDOG=1
    friend bool operator==(const Ready&, const Ready&) = default;
};
struct StopCommand {
    base::Time deadline;
    bool running = true;          // the command; false: it has succeeded and main is given the rest of the time
    std::optional<Outcome> ended; // main has ended, the command has not
    friend bool operator==(const StopCommand&, const StopCommand&) = default;
};
struct Stopping { // main's run has been told to end
    friend bool operator==(const Stopping&, const Stopping&) = default;
};
struct PostStop {
    std::uint32_t index = 0;
    friend bool operator==(const PostStop&, const PostStop&) = default;
};
struct BackOff {
    base::Time until;
    friend bool operator==(const BackOff&, const BackOff&) = default;
};
using State = std::variant<Down, Waiting, PreStart, Starting, Ready, StopCommand, Stopping, PostStop, BackOff>;

} // namespace service

struct Service {
    service::State state = service::Down{};
    bool wanted = false;            // what the operator (or start = "auto") wants
    bool restart = false;           // start again without delay once it is down
    bool unready = false;           // the present stop is because it was not ready in time, or a check failed
    int failures = 0;               // in a row, since it was last healthy
    std::uint64_t restarts = 0;     // by policy, in this keeper life
    std::vector<base::Time> starts; // within the burst window
    std::optional<Outcome> last;    // how main, or the pre_start command that failed, ended last
    std::string last_why;           // what is known of that besides; may be empty
    std::string reason;             // why it is in this state, as a sentence
    friend bool operator==(const Service&, const Service&) = default;
};

namespace service {

struct StartWanted {
    std::string by; // who, for the reason: "uid 0 (processctl, pid 77)", "web, which requires it"
};
struct StopWanted {
    std::string by;
    bool restart = false;
};
struct DependenciesMet {};
struct DependencyFailed {
    std::string reason;
};
struct DependencyBack {}; // what had failed is on its way again
struct MainSpawned {};
struct MainReady {}; // notify, fd or the output pattern
struct MainEnded {
    Outcome outcome;
    std::string why{}; // what is known besides, as the run's reason
};
struct AuxEnded { // the pre_start, ready, stop or post_stop run of this moment
    Outcome outcome;
};
struct ProbeEnded {      // of readiness, without a run
    std::string problem; // empty: it is ready
};
struct Notified {            // what main has said by its socket, as far as it bears on time
    base::Time watchdog;     // of the last WATCHDOG=1
    base::Time extend_until; // EXTEND_TIMEOUT_USEC=
    bool trouble = false;    // WATCHDOG=trigger
};
struct CheckFailed { // with "restart" as its action
    std::string reason;
};
struct ResetWanted { // failures are forgotten: of Down, and those counted
    std::string by;
};
struct Tick {};
using Input = std::variant<StartWanted, StopWanted, DependenciesMet, DependencyFailed, DependencyBack, MainSpawned,
                           MainReady, MainEnded, AuxEnded, ProbeEnded, CheckFailed, Notified, ResetWanted, Tick>;

struct StartRun {
    Role role = Role::main;
    std::uint32_t index = 0; // of pre_start and post_stop
    friend bool operator==(const StartRun&, const StartRun&) = default;
};
struct StopMain { // tell main's run to end
    OutcomeKind why = OutcomeKind::cancelled;
    bool tree = false; // signal the whole tree, not just the leader
    base::Duration timeout{};
    int signal = 0; // 0: that of the service
    friend bool operator==(const StopMain&, const StopMain&) = default;
};
struct CancelAux {
    friend bool operator==(const CancelAux&, const CancelAux&) = default;
};
struct AskProbe { // whether it is ready; CancelAux takes it back
    friend bool operator==(const AskProbe&, const AskProbe&) = default;
};
using Action = std::variant<StartRun, StopMain, CancelAux, AskProbe>;

struct Step {
    Service next;
    std::vector<Action> actions;
    friend bool operator==(const Step&, const Step&) = default;
};

struct Context {
    const ServiceSpec& spec;
    base::Time now;
    double random = 0; // 0 … 1, for the jitter
};

Step step(const Service& service, const Input& input, const Context& context);
std::optional<base::Time> deadline(const Service& service); // when it wants its next Tick

// stopped | waiting | starting | ready | stopping | backoff | failed, as the API says it.
std::string_view name_of(const Service& service);
// No process of it can exist and none will start without a new wish or a timer: Down or BackOff, or Waiting.
bool settled(const Service& service);
bool is_success(const RestartSpec& spec, const Outcome& outcome);
// The delay before restart number `failures` (1 = the first after health), jitter included.
base::Duration restart_delay(const RestartSpec& spec, int failures, double random);

} // namespace service

std::string_view name_of(Role role);
std::optional<Role> role_named(std::string_view name);

// For state.tdb; times as monotonic nanoseconds, good within one keeper life only. from_json throws nlohmann's
// exceptions.
void to_json(nlohmann::json& j, const Service& service);
void from_json(const nlohmann::json& j, Service& service);

} // namespace processd::model
