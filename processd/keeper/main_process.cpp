// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/main_process.h"

namespace processd::keeper {

MainVerdict judge(const Candidate& c)
{
    const auto refused = [](const char* reason) { return MainVerdict{MainAnswer::refused, reason}; };
    if (c.pid <= 0) return refused("it is no number of a process");
    if (c.pid == 1) return refused("it is process 1");
    if (c.pid == c.keeper) return refused("it is the keeper");
    if (c.is_main) return {MainAnswer::same};
    if (c.of_others) return refused("it is the manager's, a helper's or another child's main process");
    if (c.child_ended) return refused("the main process has ended before it was named");
    if (!c.exists) return refused("there is no such process");
    if (!c.alive) return refused("it has ended");
    if (c.in_cgroup && !*c.in_cgroup) return refused("it is not in the child's cgroup");
    // An orphan's parents cannot be told any more. That it found this child's socket speaks for it; and who may end it
    // anyway gains nothing by naming it.
    if (!c.in_cgroup && !c.descends && !(c.is_ours && (c.says_so_itself || c.in_power)))
        return refused("it does not descend from the child");
    if (c.is_ours) return {MainAnswer::now};
    if (!c.orphans_come) return refused("processes that lose their parents do not come to the keeper here");
    return {MainAnswer::when_parents_end};
}

} // namespace processd::keeper
