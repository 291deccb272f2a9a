// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/abilities/ability.h: what a host may or may not permit, one by one: what for, what is done without it, what
// would give it. A probe tells of the calling process. It changes nothing: what has to be tried is tried in a child
// that ends at once, nothing is left behind, and no kernel module is loaded by asking for it. What cannot be known in
// this way is said not to be known. docs/containers.md has the same table for readers.
#pragma once

#include <optional>
#include <span>
#include <string>

namespace abilities {

struct Finding {
    std::optional<bool> has; // none: cannot be told without trying in earnest
    int error = 0;           // with which it was refused; 0 where there was no call to refuse it
    std::string detail;      // figures, or why not where errno does not tell
};

struct Ability {
    const char* name;
    const char* what;
    const char* used_by;
    const char* instead;
    const char* given_by;
    Finding (*probe)();
};

std::span<const Ability> all();

// The parts of all().
std::span<const Ability> process_abilities(); // starting and ending processes, their attributes
std::span<const Ability> host_abilities();    // files that the kernel makes, namespaces
std::span<const Ability> network_abilities();

} // namespace abilities
