// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/clone.h: making a child process, with what the host offers.
// Fork form, never vfork: a chdir or exec that hangs on a cluster file system hangs the child alone. clone3 gives the
// pidfd and puts the child straight into its cgroup; where seccomp forbids it (default container profiles), or the
// kernel lacks it, fork and pidfd_open do, safely, as nobody but the keeper can reap the child.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "processd/keeper/become.h"
#include "processd/protocol/message.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <sys/types.h>
#include <vector>

namespace processd::keeper {

struct Cloned {
    pid_t pid = -1;
    base::UniqueFd
        pidfd; // none where the kernel has none: then signals go to the pid, which is ours until it is reaped
};

class Cloner {
public:
    // Asks the kernel what it can do, without making a process, and adds that to abilities.
    explicit Cloner(Abilities* abilities, bool has_pidfd);

    // The child runs become(plan). cgroup_dir: -1 for the keeper's own. The error's code is an errno.
    base::Result<Cloned> start(ChildPlan& plan, int cgroup_dir);

private:
    bool clone3_ = false;
    bool into_cgroup_ = false;
    bool has_pidfd_;
};

// The shared page: for each child between clone and exec, the step it is at.
class StepSlots {
public:
    static base::Result<StepSlots> make();
    // Those of the program before, in whose page children still write. taken: their slots. Takes fd only if it
    // succeeds.
    base::Result<void> take_up(int fd, const std::vector<std::size_t>& taken);
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

    std::optional<std::size_t> take(); // nothing when too many children are between clone and exec
    void give_back(std::size_t slot) { free_.push_back(slot); }
    [[nodiscard]] std::uint32_t* at(std::size_t slot) const noexcept { return page_ + slot; }
    [[nodiscard]] protocol::Stage read(std::size_t slot) const noexcept
    {
        return static_cast<protocol::Stage>(load(slot) & ((1U << step_bits) - 1));
    }
    [[nodiscard]] std::uint32_t reduced(std::size_t slot) const noexcept { return load(slot) >> step_bits; }

private:
    [[nodiscard]] std::uint32_t load(std::size_t slot) const noexcept
    {
        return __atomic_load_n(at(slot), __ATOMIC_RELAXED);
    }

    base::Result<void> map(int fd);

    base::UniqueFd fd_; // a memfd, for the next program
    std::uint32_t* page_ = nullptr;
    std::vector<std::size_t> free_;
};

} // namespace processd::keeper
