// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/access_rules.h: who may do what, from processd.toml's [access]. root, and whoever the daemon runs as, is
// always admin; everybody else has the highest level that a rule gives to the uid or to one of the groups, or none.
// Whom a job allows to run it may read as well. A peer whom this user namespace does not know has what `unmapped`
// gives, and no rule for nobody is meant for him.
#pragma once

#include "processd/api/id_maps.h"
#include "processd/api/peer.h"
#include "processd/model/service_spec.h"
#include "processd/supervisor/names.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace processd::api {

struct Granted {
    model::Access level = model::Access::none;
    enum class By { nothing, root, own, user, group, unmapped, job };
    By by = By::nothing;
    std::string name;     // as the rule has it; the job's
    std::uint32_t id = 0; // of a user or group, what that means
    friend bool operator==(const Granted&, const Granted&) = default;
};
std::string_view name_of(Granted::By by);

using NumberOf = std::function<std::optional<std::uint32_t>(const supervisor::Name&)>;
using JobRules = std::map<std::string, model::AccessRule, std::less<>>; // who may run each
// What in the rule is meant for the peer, a user before a group; nothing, if it is not.
Granted fits(const model::AccessRule& rule, const NumberOf& number_of, const IdMaps& maps, const Peer& peer);
// Of rules that give the same level a user's counts before a group's.
Granted grant(const model::AccessSpec& spec, const JobRules& jobs, const NumberOf& number_of, const IdMaps& maps,
              const Peer& peer);

class AccessRules {
public:
    AccessRules(supervisor::Runs& runs, std::string prepare_program);

    void configure(const model::AccessSpec& spec, JobRules jobs = {});
    [[nodiscard]] bool complete() const { return names_.complete(); }                      // no name is being looked up
    void on_complete(std::function<void()> call) { names_.on_complete = std::move(call); } // from the loop
    [[nodiscard]] Granted granted(const Peer& peer) const;
    [[nodiscard]] bool may_run(const Peer& peer, const std::string& job) const; // by the job's rule, whatever the level
    [[nodiscard]] std::vector<std::string> may_run(const Peer& peer) const;     // all such jobs
    [[nodiscard]] const IdMaps& maps() const noexcept { return maps_; }

private:
    [[nodiscard]] NumberOf numbers() const;

    supervisor::Names names_;
    const IdMaps maps_ = own_id_maps();
    model::AccessSpec spec_;
    JobRules jobs_;
};

} // namespace processd::api
