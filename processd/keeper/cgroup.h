// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/cgroup.h: one cgroup (v2) per child, the proof that "stopped" means "empty".
// Below the keeper's own cgroup a directory ctdb-processd.PID (-2, -3 … behind it where another keeper has that name)
// holds them: c1, c2 … made when needed and used again once empty, because making one costs more than starting a
// process. No controller is switched on. Where no cgroup v2 is mounted, or ours is not writable, why_not() says so and
// the keeper proves by sweeping instead.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "processd/keeper/abilities.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace processd::keeper {

// One child's cgroup. Its directory is removed by Cgroups, not by the destructor: processes may still be inside.
struct Cgroup {
    std::string name; // below the keeper's directory; empty: none
    base::UniqueFd dir;
    base::UniqueFd events; // cgroup.events; EPOLLPRI when populated has changed

    explicit operator bool() const noexcept { return static_cast<bool>(dir); }
};

class Cgroups {
public:
    // Finds the place and makes the directory. Never fails: without cgroups usable() is false.
    static Cgroups open(pid_t keeper, Abilities* abilities);
    Cgroups() = default; // not usable
    Cgroups(Cgroups&&) = default;
    Cgroups& operator=(Cgroups&&) = default;

    [[nodiscard]] bool usable() const noexcept { return static_cast<bool>(all_); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; } // of the directory; empty if not usable
    [[nodiscard]] const std::string& why_not() const noexcept { return why_not_; }

    base::Result<Cgroup> take();
    // Only an empty one; it will serve another child.
    void give_back(Cgroup group);
    // Not to be used again: its counters are not zero any more, it is broken, or it was killed. The last matters on
    // Linux from 6.14: whoever is cloned into a cgroup that cgroup.kill was once written to is killed at birth, if the
    // parent's own cgroup has not been killed as often. Removed now, or at the latest at the end.
    void discard(Cgroup group);

    [[nodiscard]] const Cgroup& all() const noexcept { return all_; } // the directory that holds them all
    // Empty directories go; false if some are still populated.
    bool remove_all();

private:
    Cgroup all_;
    std::string path_;
    std::string why_not_;
    std::vector<Cgroup> pool_;
    std::uint64_t made_ = 0;
};

bool is_populated(const Cgroup& group) noexcept;      // true also when that cannot be read
bool saw_oom_kill(const Cgroup& group) noexcept;      // since it was made; false without the memory controller
std::vector<pid_t> processes_in(const Cgroup& group); // those of cgroups below it too
void kill_all_in(const Cgroup& group) noexcept;       // SIGKILL, once; new processes may appear before it is over
// To each process, by pidfd, after making sure that the pid still belongs here.
void signal_all_in(const Cgroup& group, int signal);

// A cgroup directory by its path, for leftovers of a keeper that died; none if it does not exist.
Cgroup open_cgroup(const std::string& path);
bool remove_cgroup(const std::string& path); // with everything below, if empty

} // namespace processd::keeper
