// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/access_rules.h"

#include <algorithm>

namespace processd::api {

using model::Access;
using By = Granted::By;

std::string_view name_of(By by)
{
    switch (by) {
    case By::nothing: return "nothing";
    case By::root: return "root";
    case By::own: return "own";
    case By::user: return "user";
    case By::group: return "group";
    case By::unmapped: return "unmapped";
    case By::job: return "job";
    }
    return "nothing";
}

Granted fits(const model::AccessRule& rule, const NumberOf& number_of, const IdMaps& maps, const Peer& peer)
{
    const auto has_group = [&](std::uint32_t gid) {
        if (maps.unmapped_group(gid)) return false;
        return peer.gid == gid || std::find(peer.groups.begin(), peer.groups.end(), gid) != peer.groups.end();
    };
    if (!maps.unmapped_user(peer.uid))
        for (const auto& user : rule.users)
            if (const auto uid = number_of({false, user}); uid && *uid == peer.uid)
                return {rule.level, By::user, user, *uid};
    for (const auto& group : rule.groups)
        if (const auto gid = number_of({true, group}); gid && has_group(*gid))
            return {rule.level, By::group, group, *gid};
    return {};
}

Granted grant(const model::AccessSpec& spec, const JobRules& jobs, const NumberOf& number_of, const IdMaps& maps,
              const Peer& peer)
{
    if (peer.uid == 0) return {Access::admin, By::root, {}, 0};
    if (peer.uid == maps.own_uid && !maps.unmapped_user(peer.uid)) return {Access::admin, By::own, {}, peer.uid};
    Granted best;
    if (maps.unmapped_user(peer.uid) && spec.unmapped > Access::none)
        best = {spec.unmapped, By::unmapped, {}, peer.uid};
    for (const auto& rule : spec.rules) {
        const auto found = fits(rule, number_of, maps, peer);
        if (found.level > best.level || (found.level == best.level && found.by == By::user)) best = found;
    }
    if (best.level > Access::none) return best;
    for (const auto& [name, rule] : jobs)
        if (fits(rule, number_of, maps, peer).by != By::nothing) return {Access::read, By::job, name, 0};
    return {};
}

AccessRules::AccessRules(supervisor::Runs& runs, std::string prepare_program)
    : names_(runs, std::move(prepare_program), "access rules")
{
}

void AccessRules::configure(const model::AccessSpec& spec, JobRules jobs)
{
    spec_ = spec;
    jobs_ = std::move(jobs);
    std::set<supervisor::Name> names;
    const auto add = [&](const model::AccessRule& rule) {
        for (const auto& user : rule.users) names.insert({false, user});
        for (const auto& group : rule.groups) names.insert({true, group});
    };
    for (const auto& rule : spec_.rules) add(rule);
    for (const auto& job : jobs_) add(job.second);
    names_.look_up(names);
}

NumberOf AccessRules::numbers() const
{
    return [this](const supervisor::Name& name) { return names_.number(name); };
}

Granted AccessRules::granted(const Peer& peer) const { return grant(spec_, jobs_, numbers(), maps_, peer); }

bool AccessRules::may_run(const Peer& peer, const std::string& job) const
{
    const auto found = jobs_.find(job);
    return found != jobs_.end() && fits(found->second, numbers(), maps_, peer).by != By::nothing;
}

std::vector<std::string> AccessRules::may_run(const Peer& peer) const
{
    std::vector<std::string> names;
    for (const auto& job : jobs_)
        if (may_run(peer, job.first)) names.push_back(job.first);
    return names;
}

} // namespace processd::api
