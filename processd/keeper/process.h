// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/process.h: what /proc/PID/stat says, which is read without waiting for the process.
#pragma once

#include <cstdint>
#include <optional>
#include <sys/types.h>

namespace processd::keeper {

struct Process {
    pid_t parent = 0;
    pid_t session = 0;
    std::uint64_t started = 0; // with the pid it names one process
    bool alive = false;        // not a zombie
};
std::optional<Process> look_at(pid_t pid);

} // namespace processd::keeper
