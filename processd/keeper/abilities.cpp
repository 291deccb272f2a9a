// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/abilities.h"

#include "helpers/base/log.h"

#include <bit>
#include <cstring>

namespace processd::keeper {
namespace {

using protocol::Ability;

struct Name {
    Ability ability;
    const char* name;
    std::uint64_t with = 0; // goes without saying if one of these is missing
};

constexpr std::array<Name, 10> names{{
    {protocol::ability_clone3, "clone3"},
    {protocol::ability_clone_into_cgroup, "clone_into_cgroup", protocol::ability_clone3 | protocol::ability_cgroup_v2},
    {protocol::ability_cgroup_v2, "cgroup_v2"},
    {protocol::ability_cgroup_kill, "cgroup_kill", protocol::ability_cgroup_v2},
    {protocol::ability_pidfd, "pidfd"},
    {protocol::ability_close_range, "close_range"},
    {protocol::ability_subreaper, "subreaper"},
    {protocol::ability_mlock_onfault, "mlock_onfault"},
    {protocol::ability_oom_protect, "oom_protect"},
    {protocol::ability_priority, "priority"},
}};

std::size_t slot(Ability ability) { return static_cast<std::size_t>(std::countr_zero(std::uint64_t{ability})); }

} // namespace

int Abilities::error_of(Ability ability) const noexcept { return errors[slot(ability)]; }

void Abilities::found(Ability ability, int error) noexcept
{
    errors[slot(ability)] = error;
    bits = error == 0 ? bits | ability : bits & ~std::uint64_t{ability};
}

void log_missing(const Abilities& abilities, const std::string& cgroups)
{
    for (const auto& [ability, name, with] : names) {
        const int error = abilities.error_of(ability);
        if (error == 0 || (abilities.bits & with) != with) continue;
        const bool explained = ability == protocol::ability_cgroup_v2 && !cgroups.empty();
        base::log::warning("an ability is missing; processctl doctor tells what it is for and what is done instead",
                           {{"ability", name}, {"reason", explained ? cgroups : std::string(std::strerror(error))}});
    }
}

} // namespace processd::keeper
