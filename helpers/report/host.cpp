// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/report/host.h"

#include "helpers/base/unique_fd.h"
#include "helpers/base/wall_time.h"
#include "helpers/report/proc.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <initializer_list>
#include <sys/stat.h>

namespace report {
namespace {

int copy(int out, const char* path)
{
    const base::UniqueFd fd{::open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (!fd) return errno;
    std::array<char, 65536> buffer; // NOLINT: filled by read
    for (;;) {
        const auto n = ::read(fd.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 ? errno : 0;
        if (!put(out, {buffer.data(), static_cast<std::size_t>(n)})) return errno;
    }
}

// Each under its name. One that is not there says so in its place.
int copy_all(int out, std::initializer_list<const char*> paths)
{
    for (const char* path : paths) {
        put(out, std::string("== ") + path + '\n');
        if (const int error = copy(out, path); error != 0) put(out, std::string("(") + std::strerror(error) + ")\n");
    }
    return 0;
}

// Of each entry its mode, size, time and name; nothing is followed.
void list(int out, const std::string& directory, int depth)
{
    DIR* const entries = ::opendir(directory.c_str());
    if (entries == nullptr) {
        put(out, directory + ": " + std::strerror(errno) + '\n');
        return;
    }
    std::vector<std::string> names;
    while (const auto* entry = ::readdir(entries)) names.emplace_back(&entry->d_name[0]);
    ::closedir(entries);
    std::sort(names.begin(), names.end());
    put(out, directory + ":\n");
    std::vector<std::string> below;
    for (const auto& name : names) {
        struct stat found {};
        const auto path = directory + "/" + name;
        if (name == "." || name == ".." || ::lstat(path.c_str(), &found) != 0) continue;
        std::array<char, 64> mode{};
        std::snprintf(mode.data(), mode.size(), "  %06o uid %u gid %u %12lld ", found.st_mode, found.st_uid,
                      found.st_gid, static_cast<long long>(found.st_size));
        const auto changed = base::WallTime{} + std::chrono::seconds{found.st_mtim.tv_sec};
        put(out, mode.data() + base::format_wall_time(changed) + ' ' + name + '\n');
        if (S_ISDIR(found.st_mode) && depth > 0) below.push_back(path);
    }
    for (const auto& path : below) list(out, path, depth - 1);
}

int write_files(int out, const View& view)
{
    for (const auto& directory : view.directories) list(out, directory, 2);
    return 0;
}

int write_system(int out, const View&)
{
    return copy_all(out, {"/proc/version", "/etc/os-release", "/proc/sys/kernel/random/boot_id"});
}
int write_load(int out, const View&)
{
    return copy_all(
        out, {"/proc/uptime", "/proc/loadavg", "/proc/pressure/cpu", "/proc/pressure/io", "/proc/pressure/memory"});
}
int write_memory(int out, const View&) { return copy_all(out, {"/proc/meminfo", "/proc/swaps"}); }
int write_mounts(int out, const View&) { return copy(out, "/proc/self/mountinfo"); }
int write_locks(int out, const View&) { return copy(out, "/proc/locks"); }

constexpr std::array<HostPart, 9> table{{
    {"host/system.txt", "kernel and distribution", write_system},
    {"host/load.txt", "uptime, load and pressure", write_load},
    {"host/memory.txt", "memory and swap", write_memory},
    {"host/mounts.txt", "mounts, as processctl sees them", write_mounts},
    {"host/locks.txt", "locks on files, from /proc/locks", write_locks},
    {"host/processes.txt", "all processes with state and where they wait in the kernel", write_processes},
    {"host/threads.txt", "threads of the daemon's tree and of what hangs in the kernel", write_threads},
    {"host/cgroups.txt", "the daemon's tree of cgroups", write_cgroups},
    {"host/files.txt", "names, sizes and times in the directories of the daemon", write_files},
}};

} // namespace

std::span<const HostPart> host_parts() { return table; }

std::vector<std::string> package_query()
{
    return {"/usr/bin/dpkg-query",
            "-W",
            "-f",
            "${Package} ${Version} ${db:Status-Status}\\n",
            "ctdb",
            "ctdb-*",
            "samba*",
            "libsmb*",
            "winbind",
            "libtdb1",
            "tdb-tools",
            "nfs-ganesha*",
            "nfs-common",
            "nfs-kernel-server",
            "libtirpc3",
            "rpcbind",
            "ceph-*",
            "librados2",
            "etcd*",
            "glusterfs-client",
            "ocfs2-tools",
            "gfs2-utils",
            "libc6",
            "systemd",
            "linux-image-[0-9]*"};
}

} // namespace report
