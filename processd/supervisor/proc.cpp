// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/proc.h"

#include "helpers/base/unique_fd.h"

#include <array>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace processd::supervisor::proc {
namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

template <class Int> std::optional<Int> number(std::string_view text)
{
    Int value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end == text.data()) return std::nullopt;
    return value;
}

std::string read_all(const std::string& path)
{
    const base::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    std::string text;
    std::array<char, 8192> buffer{};
    ssize_t n = 0;
    while (fd && (n = ::read(fd.get(), buffer.data(), buffer.size())) > 0)
        text.append(buffer.data(), static_cast<std::size_t>(n));
    return text;
}

std::string path_of(std::int32_t pid, const char* file) { return "/proc/" + std::to_string(pid) + "/" + file; }

} // namespace

std::optional<Stat> parse_stat(std::string_view line, std::int64_t ticks_per_second, std::uint64_t page_bytes)
{
    const auto bracket = line.rfind(')');
    const auto pid = number<std::int32_t>(line);
    if (!pid || bracket == std::string_view::npos) return std::nullopt;
    // From state, field 3, on.
    std::vector<std::string_view> fields;
    for (auto at = line.find_first_not_of(" \n", bracket + 1); at != std::string_view::npos;) {
        const auto end = line.find_first_of(" \n", at);
        fields.push_back(line.substr(at, end - at));
        at = end == std::string_view::npos ? end : line.find_first_not_of(" \n", end);
    }
    if (fields.size() < 22) return std::nullopt;
    const auto field = [&](std::size_t n) { return number<std::int64_t>(fields[n - 3]).value_or(0); };
    Stat stat;
    stat.pid = *pid;
    stat.parent = static_cast<std::int32_t>(field(4));
    stat.session = static_cast<std::int32_t>(field(6));
    const auto ticks = field(14) + field(15) + field(16) + field(17); // utime, stime, cutime, cstime
    stat.cpu = std::chrono::microseconds{ticks * 1'000'000 / ticks_per_second};
    stat.resident_bytes = static_cast<std::uint64_t>(field(24)) * page_bytes;
    return stat;
}

std::optional<base::Duration> parse_cpu_stat(std::string_view text)
{
    constexpr std::string_view key = "usage_usec ";
    const auto at = text.starts_with(key) ? 0 : text.find("\nusage_usec ");
    if (at == std::string_view::npos) return std::nullopt;
    const auto us = number<std::int64_t>(text.substr(text.find(' ', at) + 1));
    return us ? std::optional<base::Duration>(std::chrono::microseconds{*us}) : std::nullopt;
}

std::string parse_cgroup(std::string_view text)
{
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.starts_with("0::")) return std::string(line.substr(3));
    }
    return {};
}

std::optional<Stat> stat_of(std::int32_t pid)
{
    static const auto ticks = ::sysconf(_SC_CLK_TCK);
    static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return parse_stat(read_all(path_of(pid, "stat")), ticks, page);
}

std::vector<Stat> all_processes()
{
    std::vector<Stat> all;
    const Directory directory{::opendir("/proc")};
    while (const dirent* const entry = directory ? ::readdir(directory.get()) : nullptr)
        if (const auto pid = number<std::int32_t>(&entry->d_name[0]))
            if (const auto stat = stat_of(*pid)) all.push_back(*stat);
    return all;
}

std::uint64_t open_fds(std::int32_t pid)
{
    const auto path = path_of(pid, "fd");
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && status.st_size > 0)
        return static_cast<std::uint64_t>(status.st_size); // Linux 6.2 and newer say it here
    std::uint64_t count = 0;
    const Directory directory{::opendir(path.c_str())};
    while (const dirent* const entry = directory ? ::readdir(directory.get()) : nullptr)
        count += entry->d_name[0] == '.' ? 0U : 1U;
    return count;
}

std::string cgroup_of(std::int32_t pid) { return parse_cgroup(read_all(path_of(pid, "cgroup"))); }

std::optional<base::Duration> cgroup_cpu(const std::string& directory)
{
    return parse_cpu_stat(read_all(directory + "/cpu.stat"));
}

std::vector<std::int32_t> cgroup_members(const std::string& directory)
{
    std::vector<std::int32_t> members;
    const auto text = read_all(directory + "/cgroup.procs");
    for (std::string_view rest = text; !rest.empty();) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (const auto pid = number<std::int32_t>(line); pid && *pid > 0) members.push_back(*pid);
    }
    const Directory below{::opendir(directory.c_str())};
    while (const dirent* const entry = below ? ::readdir(below.get()) : nullptr)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
            const auto more = cgroup_members(directory + '/' + &entry->d_name[0]);
            members.insert(members.end(), more.begin(), more.end());
        }
    return members;
}

} // namespace processd::supervisor::proc
