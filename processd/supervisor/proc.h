// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/proc.h: other processes' /proc and cgroup files, read where waiting does no harm: never on the
// loop. Of a process that ends meanwhile there is nothing.
#pragma once

#include "helpers/base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace processd::supervisor::proc {

struct Stat {
    std::int32_t pid = 0, parent = 0, session = 0;
    base::Duration cpu{}; // of it and of whom it has waited for
    std::uint64_t resident_bytes = 0;
    friend bool operator==(const Stat&, const Stat&) = default;
};

// A line of /proc/PID/stat, see proc(5). The command in it may have blanks and brackets.
std::optional<Stat> parse_stat(std::string_view line, std::int64_t ticks_per_second, std::uint64_t page_bytes);
// usage_usec of a cpu.stat.
std::optional<base::Duration> parse_cpu_stat(std::string_view text);
// The path in the cgroup v2 tree, from a /proc/PID/cgroup.
std::string parse_cgroup(std::string_view text);

std::optional<Stat> stat_of(std::int32_t pid);
std::vector<Stat> all_processes();
std::uint64_t open_fds(std::int32_t pid);
std::string cgroup_of(std::int32_t pid); // empty: unknown
std::optional<base::Duration> cgroup_cpu(const std::string& directory);
std::vector<std::int32_t> cgroup_members(const std::string& directory); // and of cgroups below it

} // namespace processd::supervisor::proc
