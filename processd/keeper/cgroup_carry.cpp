// SPDX-License-Identifier: GPL-3.0-or-later
// Cgroups over an upgrade: the descriptors go along, so nothing has to be found again.
#include "processd/keeper/cgroup.h"
#include "processd/keeper/keeper_state.h"

namespace processd::keeper {

CarriedGroup carry(const Cgroup& group)
{
    return {group.name, {group.dir.get()}, {group.events.get()}, {group.memory.get()}, group.worn, group.outlived};
}

Cgroup take_up(const CarriedGroup& carried)
{
    Cgroup group;
    group.name = carried.name;
    group.dir.reset(carried.dir.number);
    group.events.reset(carried.events.number);
    group.memory.reset(carried.memory.number);
    group.worn = carried.worn;
    group.outlived = carried.outlived;
    return group;
}

CarriedCgroups Cgroups::carry() const
{
    CarriedCgroups carried;
    carried.path = path_;
    carried.why_not = why_not_;
    carried.all = keeper::carry(all_);
    carried.made = made_;
    for (const auto& group : pool_) carried.pool.push_back(keeper::carry(group));
    controllers_.carry(carried);
    return carried;
}

Cgroups Cgroups::take_up(const CarriedCgroups& carried)
{
    Cgroups groups;
    groups.path_ = carried.path;
    groups.why_not_ = carried.why_not;
    groups.all_ = keeper::take_up(carried.all);
    groups.made_ = carried.made;
    for (const auto& group : carried.pool) groups.pool_.push_back(keeper::take_up(group));
    groups.controllers_ = Controllers::take_up(carried);
    return groups;
}

} // namespace processd::keeper
