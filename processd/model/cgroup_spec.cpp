// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/cgroup_spec.h"

#include "processd/model/json_keys.h"

#include <array>

namespace processd::model {
namespace {

constexpr std::array<std::string_view, 8> controllers{"cpu",    "cpuset", "hugetlb", "io",
                                                      "memory", "misc",   "pids",    "rdma"};
constexpr std::array<std::string_view, 8> own_files{"memory.max", "memory.high", "memory.low", "memory.swap.max",
                                                    "pids.max",   "cpu.weight",  "cpu.max",    "io.weight"};
constexpr std::uint32_t period_us = 100'000;

bool is_file_character(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

} // namespace

std::vector<std::pair<std::string, std::string>> cgroup_files(const CgroupSpec& spec)
{
    std::vector<std::pair<std::string, std::string>> files;
    const auto put = [&](const char* file, const auto& value) {
        if (value) files.emplace_back(file, std::to_string(*value));
    };
    put("memory.low", spec.memory_low);
    put("memory.high", spec.memory_high);
    put("memory.max", spec.memory_max);
    put("memory.swap.max", spec.memory_swap_max);
    put("pids.max", spec.pids_max);
    put("cpu.weight", spec.cpu_weight);
    if (spec.cpu_max_percent)
        files.emplace_back("cpu.max", std::to_string(std::uint64_t{*spec.cpu_max_percent} * (period_us / 100)) + " " +
                                          std::to_string(period_us));
    put("io.weight", spec.io_weight);
    files.insert(files.end(), spec.other.begin(), spec.other.end());
    return files;
}

std::string wrong_cgroup_file(std::string_view file)
{
    const auto dot = file.find('.');
    const bool plain =
        dot != std::string_view::npos && dot + 1 < file.size() && file.size() < 64 &&
        std::all_of(file.begin(), file.end(), [](char c) { return is_file_character(c) || c == '.' || c == '_'; });
    const auto known = std::find(controllers.begin(), controllers.end(), file.substr(0, dot));
    if (!plain || known == controllers.end()) return R"(named like a file of a controller, as in "io.max")";
    if (std::find(own_files.begin(), own_files.end(), file) != own_files.end())
        return "without \"" + std::string(file) + "\", which is a key of its own";
    return {};
}

std::string wrong_cgroup_value(std::string_view value)
{
    const bool fits =
        !value.empty() && value.size() < 1024 && value.find_first_of(std::string_view("\n\0", 2)) == value.npos;
    return fits ? "" : "one line of text";
}

void write(JsonText& to, const CgroupSpec& spec)
{
    to.object().put("memory_max_bytes", spec.memory_max).put("memory_high_bytes", spec.memory_high);
    to.put("memory_low_bytes", spec.memory_low).put("memory_swap_max_bytes", spec.memory_swap_max);
    to.put("pids_max", spec.pids_max).put("cpu_weight", spec.cpu_weight);
    to.put("cpu_max_percent", spec.cpu_max_percent).put("io_weight", spec.io_weight);
    to.key("other").object();
    for (const auto& [file, value] : spec.other) to.name(file).value(value);
    to.end_object().end_object();
}

void read_cgroup(JsonKeys& keys, CgroupSpec& spec)
{
    const auto* table = keys.find("cgroup");
    if (table == nullptr) return;
    if (!table->is_object()) return keys.complain("cgroup", R"(an object like {"memory_max_bytes": 67108864})");
    if (auto known =
            only_known_keys(*table,
                            {"memory_max_bytes", "memory_high_bytes", "memory_low_bytes", "memory_swap_max_bytes",
                             "pids_max", "cpu_weight", "cpu_max_percent", "io_weight", "other"},
                            "\"cgroup\"");
        !known)
        return keys.object_to(known.error().message());
    JsonKeys parts{*table, "cgroup."};
    const auto most = static_cast<std::int64_t>(max_memory);
    parts.number("memory_max_bytes", spec.memory_max, 4096, most);
    parts.number("memory_high_bytes", spec.memory_high, 4096, most);
    parts.number("memory_low_bytes", spec.memory_low, 0, most);
    parts.number("memory_swap_max_bytes", spec.memory_swap_max, 0, most);
    parts.number("pids_max", spec.pids_max, 1, max_pids);
    parts.number("cpu_weight", spec.cpu_weight, 1, max_weight);
    parts.number("cpu_max_percent", spec.cpu_max_percent, 1, max_cpu_percent);
    parts.number("io_weight", spec.io_weight, 1, max_weight);
    if (const auto* other = parts.find("other"); other != nullptr) {
        if (!other->is_object())
            return keys.complain("cgroup.other", R"(an object like {"io.max": "8:0 wbps=1048576"})");
        for (const auto& [file, value] : other->items()) {
            const auto wrong = !wrong_cgroup_file(file).empty() ? wrong_cgroup_file(file)
                               : value.is_string() ? wrong_cgroup_value(value.get_ref<const std::string&>())
                                                   : "a string";
            if (!wrong.empty())
                parts.complain("other." + file, wrong);
            else
                spec.other[file] = value.get<std::string>();
        }
    }
    if (!parts.problem().empty()) keys.object_to(parts.problem());
}

} // namespace processd::model
