// SPDX-License-Identifier: GPL-3.0-or-later
// Cgroups, /proc, namespaces, watches.
#include "helpers/abilities/probe.h"
#include "helpers/base/unique_fd.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sstream>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <unistd.h>

namespace abilities {
namespace {

// Where this process's cgroup v2 is in the file system; empty if there is none. A later mount covers an earlier one.
std::string own_cgroup()
{
    std::istringstream memberships(file_text("/proc/self/cgroup"));
    std::string own;
    for (std::string line; std::getline(memberships, line);)
        if (line.starts_with("0::")) own = line.substr(3);
    if (own.empty() || own.starts_with("/..")) return {};
    std::istringstream mounts(file_text("/proc/self/mountinfo"));
    std::string found;
    for (std::string line; std::getline(mounts, line);) {
        if (line.find(" - cgroup2 ") == std::string::npos) continue;
        std::istringstream fields(line);
        std::string id, parent, device, root, point;
        fields >> id >> parent >> device >> root >> point;
        if (root == "/") root.clear();
        if (own.starts_with(root) && (own.size() == root.size() || own[root.size()] == '/'))
            found = point + own.substr(root.size());
    }
    return found;
}

Finding writable(const std::string& path)
{
    return of_error(::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0 ? 0 : errno);
}

Finding cgroup_v2()
{
    const auto own = own_cgroup();
    if (own.empty()) return {false, 0, "no cgroup v2 is mounted that holds this process"};
    auto found = writable(own);
    if (found.error == 0) found = writable(own + "/cgroup.procs");
    found.detail = own;
    return found;
}

Finding cgroup_kill()
{
    const auto own = own_cgroup();
    if (own.empty()) return {false, 0, "no cgroup v2 is mounted that holds this process"};
    auto found = writable(own + "/cgroup.kill");
    // The root of the tree has no such file, those below it do.
    const bool root = ::access((own + "/cgroup.events").c_str(), F_OK) != 0;
    if (found.error == ENOENT && root) return {std::nullopt, 0, own + " is the root of the tree"};
    return found;
}

// A child of the daemon has in its own cgroup only those that the keeper has switched on so far, so the keeper tells.
Finding controller(std::string_view name)
{
    const auto own = own_cgroup();
    if (own.empty()) return {false, 0, "no cgroup v2 is mounted that holds this process"};
    std::istringstream words(file_text((own + "/cgroup.controllers").c_str()));
    bool has = false;
    std::string listed;
    for (std::string word; words >> word; has = has || word == name) listed += (listed.empty() ? "" : " ") + word;
    const auto may = writable(own);
    return {has && may.error == 0, has ? may.error : 0, listed.empty() ? "no controllers" : "there are " + listed};
}
Finding cgroup_cpu() { return controller("cpu"); }
Finding cgroup_io() { return controller("io"); }
Finding cgroup_memory() { return controller("memory"); }
Finding cgroup_pids() { return controller("pids"); }

Finding proc_children()
{
    const base::UniqueFd fd{::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC)};
    return of_error(fd ? 0 : errno);
}

Finding proc_all()
{
    const base::UniqueFd fd{::open("/proc/1/stat", O_RDONLY | O_CLOEXEC)};
    return of_error(fd ? 0 : errno);
}

Finding proc_stack()
{
    const base::UniqueFd fd{::open("/proc/self/stack", O_RDONLY | O_CLOEXEC)};
    std::array<char, 256> text{};
    return of_error(fd && ::read(fd.get(), text.data(), text.size()) > 0 ? 0 : errno);
}

Finding ns_last_pid()
{
    const base::UniqueFd fd{::open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC)};
    if (!fd) return of_error(errno);
    // Anybody may open it; who may write is asked when that is done.
    return of_error(has_capability(CAP_CHECKPOINT_RESTORE) || has_capability(CAP_SYS_ADMIN) ? 0 : EPERM);
}

Finding mount_namespace()
{
    return in_child([] {
        if (::unshare(CLONE_NEWNS) < 0) return errno;
        if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return errno;
        return ::mount("/proc", "/proc", nullptr, MS_BIND, nullptr) < 0 ? errno : 0; // seen by this child alone
    });
}

std::string one_line(const char* path)
{
    auto text = file_text(path);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text.empty() ? "unknown" : text;
}

Finding inotify()
{
    const base::UniqueFd fd{::inotify_init1(IN_CLOEXEC)};
    auto found = of_error(fd ? 0 : errno);
    found.detail = one_line("/proc/sys/fs/inotify/max_user_watches") + " watches, " +
                   one_line("/proc/sys/fs/inotify/max_user_instances") + " instances";
    return found;
}

Finding fanotify()
{
    const base::UniqueFd fd{::fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDONLY)};
    auto found = of_error(fd ? 0 : errno);
    found.detail = one_line("/proc/sys/fs/fanotify/max_user_marks") + " marks, " +
                   one_line("/proc/sys/fs/fanotify/max_user_groups") + " groups";
    return found;
}

constexpr const char* sweeps = "sweeps through /proc by parents, session and environment, and replies that say so";

constexpr const char* unbounded = "nothing is bounded, and reduced has \"cgroup\"";
constexpr const char* controllers =
    "Delegate=yes, so that the daemon is alone in its cgroup; a host without cgroup v1; a kernel that has it";

constexpr std::array<Ability, 13> table{{
    {"cgroup_v2", "a cgroup of its own for each child", "the proof that nothing is left of what was stopped", sweeps,
     "Delegate=yes; --security-opt writable-cgroups=true (Docker), --security-opt unmask=/sys/fs/cgroup (Podman)",
     cgroup_v2},
    {"cgroup_kill", "one write ends all that is in a cgroup", "the end of trees",
     "SIGKILL to each process, until none is left", "Linux 5.14, and a writable cgroup", cgroup_kill},
    {"cgroup_cpu", "the controller cpu", "cpu_weight and cpu_max of [service.cgroup]", unbounded, controllers,
     cgroup_cpu},
    {"cgroup_io", "the controller io", "io_weight and io.max of [service.cgroup]", unbounded, controllers, cgroup_io},
    {"cgroup_memory", "the controller memory",
     "memory limits of [service.cgroup]; ends by the OOM killer are told as such",
     "nothing is bounded, and reduced has \"cgroup\"; such ends look like any SIGKILL", controllers, cgroup_memory},
    {"cgroup_pids", "the controller pids", "pids_max of [service.cgroup]", unbounded, controllers, cgroup_pids},
    {"proc_children", "/proc lists the children of a process", "the orderly stop; the proof where there are no cgroups",
     "a sweep through all of /proc each time", "a mounted /proc, a kernel with CONFIG_PROC_CHILDREN", proc_children},
    {"proc_all", "/proc shows the processes of others", "sweeps; processctl's and CTDB's debugging",
     "what belongs to other users is not found", "no ProtectProc=, no hidepid=, or CAP_SYS_PTRACE", proc_all},
    {"proc_stack", "/proc/PID/stack can be read", "CTDB's scripts that debug hung event scripts and locks",
     "their reports have no kernel stacks", "CAP_SYS_ADMIN", proc_stack},
    {"mount_namespace", "a mount namespace of its own", "bind: private mounts, as over CTDB's own helpers",
     "such a service does not start; the files themselves have to be replaced",
     "CAP_SYS_ADMIN, and a seccomp profile that permits unshare and mount", mount_namespace},
    {"ns_last_pid", "the next pid can be chosen", "tests of pids that are used again", "these tests are left out",
     "CAP_CHECKPOINT_RESTORE, and /proc/sys writable", ns_last_pid},
    {"inotify", "changes of files are told", "jobs with on_change; statd_callout_helper watch",
     "such jobs run by time or by wish alone; records of NFS clients wait for the next event script",
     "fs.inotify.max_user_instances and max_user_watches", inotify},
    {"fanotify", "changes of file systems are told", "nothing as yet", "nothing", "CAP_SYS_ADMIN", fanotify},
}};

} // namespace

std::span<const Ability> host_abilities() { return table; }

} // namespace abilities
