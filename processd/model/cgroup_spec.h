// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/cgroup_spec.h: what a process and all that descends from it may use together, as files of its cgroup
// (v2).
#pragma once

#include "processd/model/json_text.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace processd::model {

class JsonKeys;

struct CgroupSpec {
    std::optional<std::uint64_t> memory_max, memory_high, memory_low, memory_swap_max; // bytes
    std::optional<std::uint64_t> pids_max;
    std::optional<std::uint32_t> cpu_weight, io_weight; // 1 … 10000
    std::optional<std::uint32_t> cpu_max_percent;       // of one processor
    std::map<std::string, std::string> other;           // file, like "io.max", and what is written to it
    friend bool operator==(const CgroupSpec&, const CgroupSpec&) = default;
};

inline constexpr std::uint64_t max_memory = std::uint64_t{1} << 60U;
inline constexpr std::uint64_t max_pids = 4'194'304; // what the kernel has numbers for
inline constexpr std::uint32_t max_weight = 10'000;
inline constexpr std::uint32_t max_cpu_percent = 1'000'000;

// Files and values, in the order in which they are written.
std::vector<std::pair<std::string, std::string>> cgroup_files(const CgroupSpec& spec);
// What is wrong with a key of `other`, as "must be …" continues; empty if nothing is.
std::string wrong_cgroup_file(std::string_view file);
std::string wrong_cgroup_value(std::string_view value);

void write(JsonText& to, const CgroupSpec& spec);   // an object
void read_cgroup(JsonKeys& keys, CgroupSpec& spec); // from the key "cgroup"

} // namespace processd::model
