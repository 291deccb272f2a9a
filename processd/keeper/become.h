// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/become.h: the child's side of a spawn, from clone to exec. It runs on a copy of the keeper's memory
// and makes system calls only: no allocation, no locks, nothing of libc that has state. Each step is stored in a page
// shared with the keeper before it begins, so the keeper can say where a child hangs without being told. The order is
// protocol::Stage; chdir and exec happen as the target user, because a hung or forbidden file system must hang or
// refuse exactly as it would for that user. Mounts are made before, as only root may. The bounds of capabilities need
// privileges, too, and what is ambient does not outlive a change of user, so these stand around it.
#pragma once

#include "processd/keeper/host.h"
#include "processd/protocol/message.h"
#include "processd/protocol/spawn_spec.h"

#include <cstdint>
#include <string>
#include <vector>

namespace processd::keeper {

// Prepared before the clone. Descriptors are the keeper's numbers, all above 2.
struct ChildPlan {
    const protocol::SpawnSpec* spec = nullptr;
    const Baseline* baseline = nullptr;
    std::uint32_t* step = nullptr; // in shared memory: the step, and above step_bits what was reduced
    int status = -1;               // write end, close-on-exec: StageFailure, end of file is success
    int in = -1, out = -1, err = -1;
    int ready = -1;                    // goes to spec->ready_fd
    int cgroup_procs = -1;             // to write ourselves into, where clone could not
    std::vector<const char*> programs; // paths to try, in order
    std::vector<char*> argv;           // NULL-terminated
    std::vector<char*> env;            // NULL-terminated
    std::vector<unsigned long> cpu_mask;
    bool set_groups = false, set_gid = false, set_uid = false;
};

inline constexpr std::uint32_t step_bits = 16;

struct StageFailure { // what the status pipe carries
    protocol::Stage stage;
    std::int32_t error;
    std::uint32_t attribute; // see protocol::Attribute
};

[[noreturn]] void become(const ChildPlan& plan) noexcept;

} // namespace processd::keeper
