// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/usage.h: what the processes of services use at a moment, read from /proc and from their cgroups
// on another thread, as both may keep a reader waiting. A reading that is not there at its deadline is done without;
// while it is under way no other begins, so that a host that hangs costs one thread.
//
// With cgroups the processes of a service are those in its cgroup. Without, they are those that descend from its main
// process or are in its session; one that has left both is missed.
#pragma once

#include "processd/loop/loop.h"
#include "processd/model/cpu_count.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace processd::supervisor {

struct UsageOf { // a main process that lives
    std::string service;
    std::int32_t pid = 0;
};

struct Used {
    model::CpuMeasured cpu;
    std::uint64_t resident_bytes = 0; // shared pages count for each process that has them
    std::uint64_t open_fds = 0;
    std::uint64_t processes = 0;
};
using Usages = std::map<std::string, Used>; // by service; without those whose process has gone meanwhile

// cgroups: the directory that holds the cgroups of the keeper's children; empty without.
Usages read_usages(const std::vector<UsageOf>& wanted, const std::string& cgroups, std::int32_t keeper_pid);

class Usage {
public:
    Usage(loop::Loop& loop, std::string cgroups, std::int32_t keeper_pid);
    Usage(const Usage&) = delete;
    Usage& operator=(const Usage&) = delete;

    // done comes from the loop, with nothing if there was no answer in time. One at a time. If an earlier reading is
    // still under way its answer counts.
    using Done = std::function<void(const std::optional<Usages>&)>;
    void read(std::vector<UsageOf> wanted, base::Duration patience, Done done);

private:
    void answer(const std::optional<Usages>& usages);

    loop::Loop& loop_;
    const std::string cgroups_;
    const std::int32_t keeper_pid_;
    std::shared_ptr<Usage*> self_ = std::make_shared<Usage*>(this); // for a reading that outlives this
    Done done_;
    bool busy_ = false;
    loop::Timer timer_;
};

} // namespace processd::supervisor
