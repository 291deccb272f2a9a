// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/keeper_abilities.h"

#include "processd/supervisor/host.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <nlohmann/json.hpp>

namespace processd::supervisor {
namespace {

constexpr std::array<std::pair<const char*, std::uint64_t>, 10> names{{
    {"clone3", protocol::ability_clone3},
    {"clone_into_cgroup", protocol::ability_clone_into_cgroup},
    {"cgroup_v2", protocol::ability_cgroup_v2},
    {"cgroup_kill", protocol::ability_cgroup_kill},
    {"pidfd", protocol::ability_pidfd},
    {"close_range", protocol::ability_close_range},
    {"subreaper", protocol::ability_subreaper},
    {"mlock_onfault", protocol::ability_mlock_onfault},
    {"oom_protect", protocol::ability_oom_protect},
    {"priority", protocol::ability_priority},
}};

} // namespace

nlohmann::json abilities_json(const protocol::Hello& hello)
{
    auto abilities = nlohmann::json::object();
    for (const auto& [name, bit] : names) abilities[name] = (hello.abilities & bit) != 0;
    return abilities;
}

std::vector<std::string> ability_words(const protocol::Hello& hello)
{
    std::vector<std::string> words;
    for (const auto& [name, bit] : names) {
        const int error = hello.ability_errors[static_cast<std::size_t>(std::countr_zero(bit))];
        if ((hello.abilities & bit) != 0 || error != 0)
            words.push_back(std::string(name) + "=" + std::to_string(error));
    }
    // Those that it can hand on; what a child sees of them is what is switched on already.
    const auto usable = controllers_of(hello);
    for (const char* controller : {"cpu", "io", "memory", "pids"}) {
        const bool has = std::find(usable.begin(), usable.end(), controller) != usable.end();
        words.push_back(std::string("cgroup_") + controller + "=" + std::to_string(has ? 0 : EOPNOTSUPP));
    }
    return words;
}

} // namespace processd::supervisor
