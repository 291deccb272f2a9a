// SPDX-License-Identifier: GPL-3.0-or-later
// Processes, threads and cgroups. What does not take the memory lock of another process is read first, as that lock is
// what a process that hangs may hold.
#include "helpers/report/host.h"
#include "helpers/report/proc.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <dirent.h>
#include <sstream>
#include <unistd.h>

namespace report {
namespace {

constexpr int most_cgroups = 4000, most_threads = 5000;
constexpr int most_hung = 8; // processes whose words are waited for in vain

std::string one_line(std::string text)
{
    while (!text.empty() && text.back() == '\n') text.pop_back();
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

std::string path_of(pid_t pid, const std::string& rest) { return "/proc/" + std::to_string(pid) + "/" + rest; }

std::string printable(std::string text)
{
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return text;
}

std::string uid_of(pid_t pid)
{
    const auto status = file_text(path_of(pid, "status"));
    const auto at = status.find("\nUid:\t");
    return at == std::string::npos ? "?" : status.substr(at + 6, status.find('\t', at + 6) - at - 6);
}

double seconds(std::uint64_t ticks) { return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK)); }

// Where cgroup v2 is mounted and what of its tree is there; a later mount covers an earlier one.
struct Mount {
    std::string point, root;
};
Mount cgroup_mount()
{
    Mount found;
    std::istringstream mounts(file_text("/proc/self/mountinfo"));
    for (std::string line; std::getline(mounts, line);) {
        if (line.find(" - cgroup2 ") == std::string::npos) continue;
        std::istringstream fields(line);
        std::string id, parent, device;
        fields >> id >> parent >> device >> found.root >> found.point;
    }
    if (found.root == "/") found.root.clear();
    return found;
}

void write_cgroup(int out, const std::string& directory, int& left)
{
    if (left-- <= 0) return;
    put(out, directory + '\n');
    for (const char* file : {"cgroup.procs", "cgroup.events", "cgroup.freeze", "memory.current", "memory.max",
                             "memory.events", "pids.current", "pids.max", "cpu.stat", "cpu.max", "io.stat"})
        if (const auto text = one_line(file_text(directory + "/" + file)); !text.empty())
            put(out, std::string("  ") + file + ": " + text + '\n');
    std::vector<std::string> below;
    if (DIR* const entries = ::opendir(directory.c_str())) {
        while (const auto* entry = ::readdir(entries))
            if (entry->d_type == DT_DIR && entry->d_name[0] != '.') below.emplace_back(&entry->d_name[0]);
        ::closedir(entries);
    }
    std::sort(below.begin(), below.end());
    for (const auto& name : below) write_cgroup(out, directory + "/" + name, left);
}

void write_thread(int out, pid_t pid, const std::string& thread)
{
    const auto stat = parse_stat(file_text(path_of(pid, "task/" + thread + "/stat")));
    if (!stat) return;
    put(out, "  thread " + thread + ' ' + stat->state + ' ' + printable(stat->name) + ", waits in " +
                 one_line(file_text(path_of(pid, "task/" + thread + "/wchan"))) + ", system call " +
                 one_line(file_text(path_of(pid, "task/" + thread + "/syscall"))) + '\n');
    std::istringstream stack(file_text(path_of(pid, "task/" + thread + "/stack")));
    for (std::string line; std::getline(stack, line);) put(out, "    " + line + '\n');
}

} // namespace

int write_processes(int out, const View&)
{
    put(out, "    PID    PPID    PGRP     UID S THREADS   RSS-KIB     CPU-S     AGE-S WAITS-IN                 NAME\n");
    const auto uptime = std::strtod(file_text("/proc/uptime").c_str(), nullptr);
    const auto page_kib = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024;
    const auto all = all_processes();
    for (const auto& one : all) {
        std::array<char, 200> line{};
        std::snprintf(line.data(), line.size(), "%7d %7d %7d %7s %c %7lld %9llu %9.2f %9.0f %-24s ", one.pid,
                      one.parent, one.group, uid_of(one.pid).c_str(), one.state, static_cast<long long>(one.threads),
                      static_cast<unsigned long long>(one.resident_pages * page_kib),
                      seconds(one.user_ticks + one.system_ticks), uptime - seconds(one.start_ticks),
                      one_line(file_text(path_of(one.pid, "wchan"))).c_str());
        put(out, line.data() + printable(one.name) + '\n');
    }
    return all.empty() ? ENOENT : 0;
}

int write_threads(int out, const View& view)
{
    const auto all = all_processes();
    const auto tree = view.keeper == 0 ? std::vector<pid_t>{} : tree_of(view.keeper, all);
    int left = most_threads;
    for (const auto& one : all) {
        if (one.state != 'D' && !std::binary_search(tree.begin(), tree.end(), one.pid)) continue;
        put(out, std::to_string(one.pid) + ' ' + one.state + ' ' + printable(one.name) + ", cgroup " +
                     one_line(file_text(path_of(one.pid, "cgroup"))) + '\n');
        DIR* const threads = ::opendir(path_of(one.pid, "task").c_str());
        if (threads == nullptr) continue;
        while (const auto* entry = ::readdir(threads))
            if (entry->d_name[0] != '.' && left-- > 0) write_thread(out, one.pid, &entry->d_name[0]);
        ::closedir(threads);
    }
    if (left < 0) put(out, "and " + std::to_string(-left) + " more threads\n");
    return view.keeper == 0 ? ESRCH : 0;
}

int write_cgroups(int out, const View& view)
{
    if (view.keeper == 0) return ESRCH;
    std::istringstream memberships(file_text(path_of(view.keeper, "cgroup")));
    std::string own;
    for (std::string line; std::getline(memberships, line);)
        if (line.starts_with("0::")) own = line.substr(3);
    const auto mount = cgroup_mount();
    if (mount.point.empty() || own.empty() || !own.starts_with(mount.root)) return ENOENT;
    auto directory = mount.point + own.substr(mount.root.size());
    while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
    int left = most_cgroups;
    write_cgroup(out, directory, left);
    return 0;
}

Got command_lines(base::Duration limit, const Shown& shown)
{
    const auto all = all_processes();
    Got lines;
    const auto write_from = [&](std::size_t first, int out) {
        for (std::size_t i = first; i < all.size(); ++i) {
            std::string line = std::to_string(all[i].pid);
            const auto command = shown(command_of(all[i].pid));
            for (const auto& word : command) line += ' ' + printable(word.empty() ? "''" : word);
            put(out, line + (command.empty() ? " [" + printable(all[i].name) + "]" : "") + '\n');
        }
        return 0;
    };
    int hung = 0;
    for (std::size_t first = 0; first < all.size();) {
        const auto got = apart(limit, 4U << 20U, [&](int out) { return write_from(first, out); });
        lines.bytes += got.bytes;
        if (!got.trouble.starts_with("did not")) {
            lines.trouble = got.trouble;
            break;
        }
        first += static_cast<std::size_t>(std::count(got.bytes.begin(), got.bytes.end(), '\n'));
        lines.bytes += std::to_string(all[first].pid) + " (does not give its words)\n";
        ++first;
        if (++hung == most_hung) {
            lines.trouble = std::to_string(hung) + " processes did not give their words";
            break;
        }
    }
    return lines;
}

} // namespace report
