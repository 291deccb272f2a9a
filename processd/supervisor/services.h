// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/services.h: all services: model::Service machines bound to their runs, order by dependencies, the
// operations on them, and their status. A machine's new state is in state.tdb before its actions are carried out; if it
// cannot be, it waits (store::State::keep) and the actions do not. An operation is refused with the store's error then.
#pragma once

#include "processd/model/service.h"
#include "processd/protocol/message.h"
#include "processd/supervisor/event.h"
#include "processd/supervisor/operations.h"

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace processd::loop {
class Loop;
}
namespace processd::store {
class State;
}

namespace processd::supervisor {

class Runs;
struct ServiceGroup;

// What is counted and measured of one service.
struct ServiceFigures {
    std::string name;
    std::string_view state; // as the API says it
    bool wanted = false;
    base::WallTime since{};
    std::uint64_t restarts = 0;
    std::vector<std::pair<std::string, bool>> checks; // and whether they fail
    std::string run;                                  // main
    std::int32_t pid = 0;                             // of its leader while it lives, else 0
};

enum class GroupAction { start, stop, restart };

class Services {
public:
    Services(loop::Loop& loop, Runs& runs, Operations& operations, store::State& state, std::string prepare_program);
    ~Services();
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;

    // At start: the configuration. What state.tdb holds is of an earlier manager of this keeper.
    void load(const std::map<std::string, model::ServiceSpec>& specs);
    // After a reload: new ones start if auto, changed ones apply at their next start, gone ones stay until they are
    // down. Returns those that this starts.
    std::vector<std::string> apply(const std::map<std::string, model::ServiceSpec>& specs);

    // Errc::not_found names the nearest service. start/stop/restart/reload/signal are operations; one that finds the
    // service where it is wanted is done at once. A newer operation on the same service supersedes an open one.
    base::Result<Operation> start(std::string_view name, const std::optional<model::Identity>& by);
    base::Result<Operation> stop(std::string_view name, const std::optional<model::Identity>& by);
    base::Result<Operation> restart(std::string_view name, const std::optional<model::Identity>& by);
    // All members of a group as one operation, done when all are; service_groups.h. Within it order holds as at start
    // and at the end of the daemon. Refused as a whole where one member would be refused.
    base::Result<Operation> change_group(std::string_view group, GroupAction action,
                                         const std::optional<model::Identity>& by);
    base::Result<Operation> reload(std::string_view name, const std::optional<model::Identity>& by);
    base::Result<Operation> signal(std::string_view name, int signal, protocol::Scope scope,
                                   const std::optional<model::Identity>& by);
    // For maintenance: a held service is left as it is. What runs may end, and stays down; nothing starts it, start and
    // restart are refused, and neither checks nor a watchdog act. Released, it starts if it is wanted.
    base::Result<Operation> hold(std::string_view name, const std::optional<model::Identity>& by);
    base::Result<Operation> release(std::string_view name, const std::optional<model::Identity>& by);
    // A failed service is one that was stopped, and failures count from the beginning.
    base::Result<Operation> reset(std::string_view name, const std::optional<model::Identity>& by);
    // The service stays as it is by then; an operation that is done is returned as it is.
    base::Result<Operation> abort(std::string_view operation, const std::optional<model::Identity>& by);

    // Orderly stop of everything in reverse order; `done` is told once. What had not ended by the deadline is named.
    void stop_all(base::Time deadline, std::function<void(bool in_order)> done);

    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] std::vector<ServiceGroup> groups() const;
    // Errc::not_found names the nearest group and all there are.
    [[nodiscard]] base::Result<std::vector<std::string>> members(std::string_view group) const;
    [[nodiscard]] base::Result<nlohmann::json> status(std::string_view name) const; // docs/openapi.yaml, Service
    // Why it is in its state, since when, what it waits for, how it ended last, and what comes next: sentences for
    // people.
    [[nodiscard]] base::Result<std::vector<std::string>> why(std::string_view name) const;
    [[nodiscard]] std::set<std::string> running() const; // that have processes
    // What is wrong: docs/openapi.yaml, Health.
    [[nodiscard]] nlohmann::json health(model::Level level) const;
    [[nodiscard]] std::vector<ServiceFigures> figures() const; // by name
    [[nodiscard]] std::size_t count_ready() const;
    [[nodiscard]] std::size_t count_failed() const;

    Event<const std::string&> on_change; // name
    // Changes to go on record together with the state that this is an edge of. job: that it makes run, whatever else it
    // does; empty: none. Set before load().
    std::function<std::vector<store::Change>(const model::Edge&, const std::string& job)> on_edge =
        [](const auto&, const auto&) { return std::vector<store::Change>{}; };

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace processd::supervisor
