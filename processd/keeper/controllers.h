// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/controllers.h: which controllers the cgroups of children may have, and switching them on.
// A cgroup (v2) hands controllers on only while no process is in it itself, the root excepted. So the keeper moves out
// of the one that it was started in, into ctdb-processd.PID.daemon beside those of its children, and takes its manager
// along. It does so when it is alone there, which is what a service manager that delegates provides. Memory is switched
// on at once: who was killed for lack of it is known in no other way. Others follow when a child first asks, as each of
// them changes something for all: with cpu, nice values count within a child only.
#pragma once

#include "helpers/base/unique_fd.h"

#include <string>
#include <string_view>
#include <vector>

namespace processd::keeper {

struct CarriedCgroups;

class Controllers {
public:
    Controllers() = default; // none
    // own: the keeper's cgroup. group: the directory in it that holds those of the children.
    static Controllers open(const std::string& own, const std::string& group);

    [[nodiscard]] const std::vector<std::string>& usable() const noexcept { return usable_; }
    [[nodiscard]] bool is_on(std::string_view controller) const noexcept;
    // Why it cannot be had; empty when it is on.
    std::string switch_on(std::string_view controller);
    // When the children's are gone: back to where the keeper was started.
    void leave();

    void carry(CarriedCgroups& carried) const;
    static Controllers take_up(const CarriedCgroups& carried);

private:
    std::string step_aside();

    std::string own_, group_;
    std::string aside_; // where the keeper is now; empty: still where it was
    std::string why_none_;
    std::vector<std::string> usable_, on_;
};

// The directory that a keeper moves into, by that of its children's cgroups. It may be left by one that died.
std::string aside_of(const std::string& group);

} // namespace processd::keeper
