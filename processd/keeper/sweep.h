// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/sweep.h: finding what descends from a child where no cgroup tells: through parents, session and the
// mark in the environment. Best effort: a process that left the session, lost its parents and cleaned its environment
// is not recognised as this child's (the keeper's orderly stop, which takes everything below the keeper, finds it).
//
// Reading another process's environment may block for as long as that process hangs in the kernel. So a sweep is a
// forked helper that reports through a pipe as it goes; the keeper kills a helper that is late and leaves out, next
// time, the process that it was looking at.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace processd::keeper {

struct CarriedSweep;

inline constexpr const char* mark_name = "CTDB_PROCESSD_CHILD"; // in each child's environment: EPOCH.ID

struct SweepTask {
    pid_t keeper = 0;             // 0: look at all processes of the host, by mark alone
    pid_t leader = 0;             // of the child; its subtree and its session belong to it
    bool session = false;         // the session may be told by the leader's pid (no other child has that pid by now)
    std::string mark;             // "EPOCH.ID", or "EPOCH." for any child of that keeper
    bool everything = false;      // all that descends from the keeper, but for what is left out
    std::vector<pid_t> leave_out; // with their subtrees; other children, the manager, helpers
    std::vector<pid_t> unread;    // their environment blocks: they count as found, but are sent nothing
    int signal = 0;               // to send to what was found; 0: none
};

class Sweep {
public:
    Sweep() noexcept = default; // none
    static base::Result<Sweep> start(const SweepTask& task);

    explicit operator bool() const noexcept { return static_cast<bool>(pipe_); }
    [[nodiscard]] int fd() const noexcept { return pipe_.get(); }
    [[nodiscard]] pid_t pid() const noexcept { return pid_; } // to be reaped by the keeper
    [[nodiscard]] int signal() const noexcept { return signal_; }

    // Takes what the helper has said so far; true when it has ended (finished() tells whether it came to its end).
    bool read();
    [[nodiscard]] bool finished() const noexcept { return finished_; }
    [[nodiscard]] const std::vector<pid_t>& found() const noexcept { return found_; }
    // Those directly below the keeper that it has looked at and that are neither left out nor this child's.
    [[nodiscard]] const std::vector<pid_t>& not_ours() const noexcept { return not_ours_; }
    [[nodiscard]] pid_t looking_at() const noexcept { return looking_at_; } // 0: at none
    void give_up() noexcept;                                                // kills the helper

    // Over an upgrade: the helper goes on meanwhile.
    [[nodiscard]] CarriedSweep carry() const;
    static Sweep take_up(const CarriedSweep& carried);

private:
    pid_t pid_ = 0;
    int signal_ = 0;
    base::UniqueFd pipe_;
    std::vector<pid_t> found_;
    std::vector<pid_t> not_ours_;
    pid_t looking_at_ = 0;
    bool finished_ = false;
};

// Direct children of this process as the kernel lists them; not known where it does not (no /proc, or not configured).
// A process of ours whose parents are gone is among them, as the keeper is the subreaper. The list is exact: somebody
// leaves it only when reaped, which this process does itself, and whoever joins it while it is read comes from below
// somebody who is listed.
std::vector<pid_t> direct_children(bool* known);

// For hosts without pidfds. A pid is sure to be what it was only while nobody but us can reap it, so of these those get
// the signal that are direct children; who stands deeper has its turn when its parents have gone.
void signal_children(const std::vector<pid_t>& pids, int signal);

} // namespace processd::keeper
