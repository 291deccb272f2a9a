// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/operations.h: the changes of services that somebody asked for, each with its end. An operation is
// on record in state.tdb before begin() of it returns, or nothing has begun: that it is open there is what tells the
// next manager of a wish that was not carried out yet. The newest max_kept finished ones are remembered.
//
// What is asked of a group is a whole with one part for each member. All of them go on record together, and the whole
// is done with the last of its parts.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"
#include "processd/model/run_record.h"
#include "processd/store/state.h"
#include "processd/supervisor/event.h"

#include <functional>
#include <list>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace processd::supervisor {

struct Operation {
    std::string id;
    std::string action;                // start | stop | restart | reload | signal | upgrade
    std::string service;               // or job; of a whole "@nfs"; empty of upgrade
    std::string state = "running";     // pending | running | done
    std::optional<std::string> result; // ok | failed | aborted | superseded
    std::string reason;
    base::WallTime created, ended;
    std::optional<model::Identity> asked_by;
    std::vector<std::string> dependents; // of a stop or restart: who goes along, as it requires the service
    std::vector<std::string> runs;
    std::optional<std::string> proof;
    std::vector<std::int32_t> survivors;
    std::optional<std::string> from_version, to_version; // of upgrade
    std::vector<std::string> parts;                      // of a whole: their ids
    std::string part_of;                                 // the whole's id; empty: none
    friend bool operator==(const Operation&, const Operation&) = default;
};
void to_json(nlohmann::json& j, const Operation& operation);
void from_json(const nlohmann::json& j, Operation& operation); // throws nlohmann's exceptions

// How a whole ends, from its parts; nothing while one of them is open.
struct WholeEnd {
    std::string result, reason;
    std::optional<std::string> proof;
    std::vector<std::int32_t> survivors;
    friend bool operator==(const WholeEnd&, const WholeEnd&) = default;
};
std::optional<WholeEnd> end_of(const std::vector<Operation>& parts);

class Operations {
public:
    static constexpr std::size_t max_kept = 500;

    explicit Operations(store::State& state);

    void restore();                            // what an earlier manager left
    void forget_open(std::string_view reason); // a new keeper life: what was open can't be finished
    base::Result<Operation> begin(std::string action, std::string service, std::optional<model::Identity> asked_by);
    // The whole. Its parts are in the order of the services, of which there is at least one.
    base::Result<Operation> begin_whole(const std::string& action, std::string group,
                                        const std::vector<std::string>& services,
                                        const std::optional<model::Identity>& asked_by);
    // `with` goes on record in the same transaction.
    void finish(std::string_view id, std::string result, std::string reason, std::optional<std::string> proof = {},
                std::vector<std::int32_t> survivors = {}, std::vector<store::Change> with = {});
    void tell_versions(std::string_view id, std::optional<std::string> from, std::optional<std::string> to);
    void tell_dependents(std::string_view id, std::vector<std::string> names);
    void add_run(std::string_view id, const std::string& run);

    [[nodiscard]] base::Result<Operation> get(std::string_view id) const; // Errc::not_found
    // Newest first. filter by service and state where given; `after` is an id or empty.
    [[nodiscard]] std::vector<Operation> list(const std::optional<std::string>& service,
                                              const std::optional<std::string>& state, std::string_view after,
                                              std::size_t limit, std::optional<std::string>* next) const;
    [[nodiscard]] const Operation* open_for(std::string_view service) const; // start, stop or restart under way
    [[nodiscard]] std::size_t open_count() const;
    [[nodiscard]] std::vector<Operation> open() const; // oldest first

    Event<const Operation&> on_change;

private:
    Operation* end_whole(const std::string& id); // if all its parts are done
    void prune();

    store::State& state_;
    std::map<std::string, Operation, std::less<>> operations_; // ULIDs sort by time
};

} // namespace processd::supervisor
