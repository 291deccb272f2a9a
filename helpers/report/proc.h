// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/report/proc.h: what /proc says of processes. Lines of /proc/PID/stat are taken apart purely.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace report {

struct ProcStat {
    pid_t pid = 0, parent = 0, group = 0, session = 0;
    std::string name;
    char state = '?';
    std::int64_t threads = 0;
    std::uint64_t user_ticks = 0, system_ticks = 0, start_ticks = 0; // start: since boot
    std::uint64_t resident_pages = 0;
};
std::optional<ProcStat> parse_stat(std::string_view line);

// As far as it can be read; empty if not at all.
std::string file_text(const std::string& path);
std::vector<ProcStat> all_processes(); // by pid
// root and all that descends from it; all by pid.
std::vector<pid_t> tree_of(pid_t root, const std::vector<ProcStat>& all);
// Arguments of /proc/PID/cmdline. May hang on a process that hangs.
std::vector<std::string> command_of(pid_t pid);

} // namespace report
