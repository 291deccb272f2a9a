// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/access_rules.h: who may do what, from processd.toml's [access]. root, and whoever the daemon runs as, is
// always admin; everybody else has the highest level that a rule gives to the uid or to one of the groups, or none.
// Whom a job allows to run it may read as well. Names are turned into numbers by
// processd-prepare, run as a child, since a name service may keep its asker waiting; what was known of a name stays in
// force until the new answer is there.
#pragma once

#include "processd/api/peer.h"
#include "processd/model/service_spec.h"
#include "processd/supervisor/runs.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace processd::api {

class AccessRules {
public:
    AccessRules(supervisor::Runs& runs, std::string prepare_program);
    AccessRules(const AccessRules&) = delete;
    AccessRules& operator=(const AccessRules&) = delete;

    // jobs: who may run each, by its name.
    void configure(const std::vector<model::AccessRule>& rules, std::map<std::string, model::AccessRule> jobs = {});
    [[nodiscard]] bool complete() const { return asked_.empty(); } // no name is being looked up
    std::function<void()> on_complete;                             // from the loop
    [[nodiscard]] model::Access level_of(const Peer& peer) const;
    [[nodiscard]] bool may_run(const Peer& peer, const std::string& job) const; // by the job's rule, whatever the level

private:
    struct Name {
        bool group;
        std::string text;
        auto operator<=>(const Name&) const = default;
    };
    [[nodiscard]] bool fits(const model::AccessRule& rule, const Peer& peer) const;
    void look_up(const Name& name);
    void answered(const model::RunRecord& record);

    supervisor::Runs& runs_;
    const std::string prepare_program_;
    std::vector<model::AccessRule> rules_;
    std::map<std::string, model::AccessRule, std::less<>> jobs_;
    std::map<Name, std::uint32_t> numbers_; // of the names in the rules, and of plain numbers
    std::map<std::string, Name> asked_;     // by id of the run that asks
    supervisor::Subscription run_ended_;
};

} // namespace processd::api
