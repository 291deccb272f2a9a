// SPDX-License-Identifier: GPL-3.0-or-later
// Starting and ending processes, and their attributes.
#include "helpers/abilities/probe.h"
#include "helpers/base/unique_fd.h"

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace abilities {
namespace {

constexpr rlim_t many_files = 1048576;
constexpr int io_class_shift = 13;
constexpr unsigned nobody = 65534;

Finding kernel()
{
    utsname name{};
    ::uname(&name);
    const std::string release = &name.release[0];
    const auto dot = release.find('.');
    const int major = std::atoi(release.c_str());
    const int minor = dot == std::string::npos ? 0 : std::atoi(release.c_str() + dot + 1);
    return {major > 5 || (major == 5 && minor >= 10), 0, release};
}

Finding memfd()
{
    const base::UniqueFd fd{::memfd_create("probe", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    return of_error(fd ? 0 : errno);
}

// Neither call can make a process: one has no arguments, the other a cgroup descriptor that cannot be open.
Finding clone3_refused(clone_args args, std::size_t size, int expected)
{
    return of_error(::syscall(SYS_clone3, &args, size) < 0 && errno == expected ? 0 : errno);
}
Finding clone3() { return clone3_refused({}, 0, EINVAL); }
Finding clone_into_cgroup()
{
    clone_args args{};
    args.flags = CLONE_INTO_CGROUP;
    args.exit_signal = static_cast<unsigned>(SIGCHLD);
    args.cgroup = INT_MAX;
    return clone3_refused(args, sizeof args, EBADF);
}

Finding pidfd()
{
    const base::UniqueFd self{static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0U))};
    if (!self) return of_error(errno);
    return of_call(::syscall(SYS_pidfd_send_signal, self.get(), 0, nullptr, 0U));
}

// With a descriptor that cannot be open there is nothing to execute.
Finding execveat()
{
    std::array<char*, 1> none{nullptr};
    ::syscall(SYS_execveat, INT_MAX, "", none.data(), none.data(), AT_EMPTY_PATH);
    return of_error(errno == EBADF ? 0 : errno);
}

// Of the keeper, whose child the daemon's probes are. Its path may have been a link to where it was then, so that only
// a file which is there tells anything.
Finding upgrade()
{
    const auto keeper = "/proc/" + std::to_string(::getppid());
    if (file_text((keeper + "/comm").c_str()) != "ctdb-processd\n")
        return {std::nullopt, 0, "this is for the daemon to tell"};
    std::array<char, PATH_MAX> target{};
    const auto n = ::readlink((keeper + "/exe").c_str(), target.data(), target.size());
    if (n < 0) return {std::nullopt, errno, {}};
    std::string path(target.data(), static_cast<std::size_t>(n));
    constexpr std::string_view deleted = " (deleted)";
    if (path.ends_with(deleted)) path.resize(path.size() - deleted.size());
    if (::access(path.c_str(), F_OK) < 0) return {std::nullopt, errno, path};
    auto found = of_error(::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno);
    struct statvfs mount {};
    const bool noexec = ::statvfs(path.c_str(), &mount) == 0 && (mount.f_flag & ST_NOEXEC) != 0;
    if (noexec) found = of_error(EACCES);
    found.detail = path + (noexec ? " is on a file system that is mounted noexec" : "");
    return found;
}

Finding close_range() { return of_call(::syscall(SYS_close_range, INT_MAX, INT_MAX, 0U)); }

Finding subreaper()
{
    return in_child([] { return ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? errno : 0; });
}

Finding mlock_onfault()
{
    return in_child([] { return ::mlockall(MCL_CURRENT | MCL_ONFAULT) < 0 ? errno : 0; });
}

Finding oom_protect()
{
    return in_child([] {
        const base::UniqueFd fd{::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)};
        return fd && ::write(fd.get(), "-900", 4) == 4 ? 0 : errno;
    });
}

Finding priority()
{
    return in_child([] { return ::setpriority(PRIO_PROCESS, 0, -10) < 0 ? errno : 0; });
}

Finding real_time()
{
    return in_child([] {
        const sched_param one{1};
        return ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &one) < 0 ? errno : 0;
    });
}

Finding io_class()
{
    return in_child([] {
        const int realtime = 1 << io_class_shift | 4;
        return ::syscall(SYS_ioprio_set, 1, 0, realtime) < 0 ? errno : 0;
    });
}

Finding open_files()
{
    auto found = in_child([] {
        const rlimit wanted{many_files, many_files};
        return ::setrlimit(RLIMIT_NOFILE, &wanted) < 0 ? errno : 0;
    });
    rlimit now{};
    ::getrlimit(RLIMIT_NOFILE, &now);
    found.detail = now.rlim_max == RLIM_INFINITY ? "no hard limit" : "hard limit " + std::to_string(now.rlim_max);
    return found;
}

Finding other_users()
{
    return in_child([] {
        if (::setgroups(0, nullptr) < 0 || ::setresgid(nobody, nobody, nobody) < 0) return errno;
        return ::setresuid(nobody, nobody, nobody) < 0 ? errno : 0;
    });
}

Finding signal_others() { return of_capability(CAP_KILL); }

// What can be lost only once is lost in a child.
Finding capability_bounds()
{
    return in_child([] { return ::prctl(PR_CAPBSET_DROP, CAP_WAKE_ALARM, 0, 0, 0) < 0 ? errno : 0; });
}

// Any capability will do; without one there is nothing to hand on.
Finding ambient_capabilities()
{
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0) < 0) return of_error(errno);
    const auto permitted = status_field("CapPrm");
    if (permitted.find_first_not_of('0') == std::string::npos) return {false, EPERM, "it has no capabilities itself"};
    return in_child([] {
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
        if (::syscall(SYS_capget, &header, sets.data()) < 0) return errno;
        for (auto& half : sets) half.inheritable = half.permitted;
        if (::syscall(SYS_capset, &header, sets.data()) < 0) return errno;
        for (unsigned number = 0; number < 64; ++number)
            if ((sets.at(number / 32).permitted >> number % 32 & 1U) != 0)
                return ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) < 0 ? errno : 0;
        return EPERM;
    });
}

Finding new_privileges()
{
    const int set = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    if (set < 0) return {std::nullopt, errno, {}};
    return {set == 0, 0, set == 0 ? "" : "no_new_privs is set"};
}

constexpr std::array<Ability, 20> table{{
    {"kernel", "Linux 5.10 or newer", "everything", "older kernels are not tested", "a newer kernel", kernel},
    {"memfd", "memory shared by descriptor, and sealed",
     "captured output; what is to be started; what an upgrade hands over", "nothing: ctdb-processd does not start",
     "a seccomp profile that permits memfd_create", memfd},
    {"clone3", "a process with its pidfd and clean signals in one call", "every start of a process",
     "fork, then pidfd_open; where it is forbidden rather than missing, services have no threads",
     "a seccomp profile that permits clone3", clone3},
    {"clone_into_cgroup", "a process is born in its cgroup", "every start of a process, where there are cgroups",
     "it enters its cgroup itself before it runs", "Linux 5.7, and clone3", clone_into_cgroup},
    {"pidfd", "signals to a process rather than to a number", "signals to what descends from a child",
     "children get signals by pid, and what stands below them once it has become a child itself",
     "a seccomp profile that permits pidfd_open and pidfd_send_signal", pidfd},
    {"close_range", "all descriptors closed in one call", "every start of a process", "they are closed one by one",
     "Linux 5.9, and a seccomp profile that permits close_range", close_range},
    {"execveat", "a program is executed by its descriptor",
     "the way back of an upgrade; managers between an installation and its upgrade",
     "it is executed by its name in /proc", "a seccomp profile that permits execveat", execveat},
    {"upgrade", "the installed ctdb-processd can be executed where it was started from", "processctl upgrade",
     "a restart of the daemon, with all its services",
     "the file, executable for the daemon's user, on a file system without noexec", upgrade},
    {"subreaper", "processes that lost their parents become the keeper's children",
     "reaping them; stopping trees where there are no cgroups",
     "process 1 has to reap them, and without cgroups what left its parents is not found",
     "a seccomp profile that permits prctl", subreaper},
    {"mlock_onfault", "the keeper's memory stays in memory", "the keeper under memory pressure",
     "it may be swapped out, and then answers late", "CAP_IPC_LOCK, or LimitMEMLOCK=64M (--ulimit memlock=67108864)",
     mlock_onfault},
    {"oom_protect", "an OOM score below that of others", "the keeper; services with oom_score_adj below 0",
     "the OOM killer may take the keeper; such a service starts only where as_permitted lists oom_score_adj",
     "CAP_SYS_RESOURCE", oom_protect},
    {"priority", "nice values below 0", "the keeper and the manager; services with nice below 0",
     "they wait their turn on a busy node; such a service starts only where as_permitted lists nice",
     "CAP_SYS_NICE, or LimitNICE=-20", priority},
    {"real_time", "real-time scheduling", "scheduler = \"fifo\" and \"rr\"; ctdbd's own",
     "such a service starts only where as_permitted lists scheduler; ctdbd needs realtime scheduling = false",
     "CAP_SYS_NICE, or LimitRTPRIO=99; with cgroup v1 also a cpu.rt_runtime_us of the cgroup", real_time},
    {"io_class", "the I/O class realtime", "io_class = \"realtime\"",
     "such a service starts only where as_permitted lists io_class", "CAP_SYS_NICE or CAP_SYS_ADMIN", io_class},
    {"open_files", "1048576 open files in one process", "limits.nofile: smbd and ctdbd with many clients",
     "limits up to the hard limit; such a service starts only where as_permitted lists limits",
     "LimitNOFILE=1048576 (--ulimit nofile=1048576), or CAP_SYS_RESOURCE and a higher fs.nr_open", open_files},
    {"other_users", "processes of other users", "user, group and groups of services and runs",
     "everything runs as the user of ctdb-processd", "CAP_SETUID and CAP_SETGID", other_users},
    {"signal_others", "signals to processes of other users", "stopping what runs as another user",
     "cgroup.kill, which needs no permission for each process", "CAP_KILL", signal_others},
    {"capability_bounds", "what a process and its descendants can ever have is bounded",
     "capabilities and capability_bounds of services and runs",
     "such a service starts only where as_permitted lists capabilities, and has no bounds then", "CAP_SETPCAP",
     capability_bounds},
    {"ambient_capabilities", "capabilities for another user than root", "capabilities of services with user",
     "such a service starts only where as_permitted lists capabilities, and has none of them then",
     "the capabilities themselves; a seccomp profile that permits prctl and capset", ambient_capabilities},
    {"new_privileges", "set-user-id programs and file capabilities take effect", "services that run such programs",
     "they run with what they have", "NoNewPrivileges=no; no --security-opt no-new-privileges", new_privileges},
}};

} // namespace

std::span<const Ability> process_abilities() { return table; }

} // namespace abilities
