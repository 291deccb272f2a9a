// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/cgroup.h: one cgroup (v2) per child, the proof that "stopped" means "empty".
// Below the keeper's own cgroup a directory ctdb-processd.PID (-2, -3 … behind it where another keeper has that name)
// holds them: c1, c2 … made when needed and used again once empty, because making one costs more than starting a
// process. Which controllers they have: controllers.h. Where no cgroup v2 is mounted, or ours is not writable,
// why_not() says so and the keeper proves by sweeping instead.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "processd/keeper/abilities.h"
#include "processd/keeper/controllers.h"
#include "processd/protocol/spawn_spec.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace processd::keeper {

struct CarriedCgroups;
struct CarriedGroup;

// One child's cgroup. Its directory is removed by Cgroups, not by the destructor: processes may still be inside.
struct Cgroup {
    std::string name; // below the keeper's directory; empty: none
    base::UniqueFd dir;
    base::UniqueFd events; // cgroup.events; EPOLLPRI when populated has changed
    base::UniqueFd memory; // memory.events, where there is the memory controller
    bool worn = false;     // it has settings or counters that a new one has not, and serves no other child
    bool outlived = false; // by processes whose end may have been counted since

    explicit operator bool() const noexcept { return static_cast<bool>(dir); }
};

// What became of the settings of a cgroup: one that the kernel refused, which ends it, and those that nobody here
// offers.
struct Limited {
    int error = 0;
    std::size_t refused = 0;
    struct Missing {
        std::string file, reason;
    };
    std::vector<Missing> missing;
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

    [[nodiscard]] const std::vector<std::string>& controllers() const noexcept { return controllers_.usable(); }

    base::Result<Cgroup> take();
    // One that nobody has used: what is left of others in a used one would have to be reclaimed first, which may take
    // time.
    base::Result<Cgroup> make();
    Limited limit(Cgroup& group, const std::vector<protocol::CgroupSetting>& settings);
    // Only an empty one; it will serve another child, if nothing in it is as it would not be in a new one.
    void give_back(Cgroup group);
    // Not to be used again: its counters are not zero any more, it is broken, or it was killed. The last matters on
    // Linux from 6.14: whoever is cloned into a cgroup that cgroup.kill was once written to is killed at birth, if the
    // parent's own cgroup has not been killed as often. Removed now, or at the latest at the end.
    void discard(Cgroup group);

    [[nodiscard]] const Cgroup& all() const noexcept { return all_; } // the directory that holds them all
    // Empty directories go; false if some are still populated.
    bool remove_all();

    // Over an upgrade. The children's own: carry(group), take_up(group).
    [[nodiscard]] CarriedCgroups carry() const;
    static Cgroups take_up(const CarriedCgroups& carried);

private:
    void count_memory(Cgroup& group) const;

    Cgroup all_;
    std::string path_;
    std::string why_not_;
    Controllers controllers_;
    std::vector<Cgroup> pool_;
    std::uint64_t made_ = 0;
};

CarriedGroup carry(const Cgroup& group);
Cgroup take_up(const CarriedGroup& carried);
bool is_populated(const Cgroup& group) noexcept; // true also when that cannot be read
// Counted since it was made; nothing without the memory controller.
struct MemoryEvents {
    bool killed = false; // the OOM killer ended a process in it
    bool limit = false;  // an allocation failed for its own limit
};
std::optional<MemoryEvents> memory_events(const Cgroup& group) noexcept;
std::vector<pid_t> processes_in(const Cgroup& group); // those of cgroups below it too
void kill_all_in(const Cgroup& group) noexcept;       // SIGKILL, once; new processes may appear before it is over
// To each process, by pidfd, after making sure that the pid still belongs here.
void signal_all_in(const Cgroup& group, int signal);

// A cgroup directory by its path, for leftovers of a keeper that died; none if it does not exist.
Cgroup open_cgroup(const std::string& path);
bool remove_cgroup(const std::string& path); // with everything below, if empty

} // namespace processd::keeper
