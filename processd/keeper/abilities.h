// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/abilities.h: what the host lets the keeper do, found once at its start, and the errno of what it does
// not. Each has a substitute somewhere in this room; `processctl doctor` says what that is and what would mend it.
#pragma once

#include "processd/protocol/message.h"

#include <array>
#include <cstdint>
#include <string>

namespace processd::keeper {

struct Abilities {
    std::uint64_t bits = 0; // of protocol::Ability
    std::array<std::int32_t, protocol::ability_slots> errors{};

    [[nodiscard]] bool has(protocol::Ability ability) const noexcept { return (bits & ability) != 0; }
    [[nodiscard]] int error_of(protocol::Ability ability) const noexcept;
    // error: 0 if the host has it. What was not asked for stays as it is: neither there nor missing.
    void found(protocol::Ability ability, int error) noexcept;
};

// A line for each that is missing, but for those that are missing with another one. cgroups: why there are none.
void log_missing(const Abilities& abilities, const std::string& cgroups);

} // namespace processd::keeper
