// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/host.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <linux/capability.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace processd::keeper {
namespace {

constexpr unsigned long default_timer_slack_ns = 50'000;
constexpr int protected_oom_score_adj = -900;
constexpr int preferred_nice = -10;
constexpr int heap_kept = 1024 * 1024; // of heap that is locked with the rest, and never given back

void keep_standard_descriptors_open()
{
    int fd = -1;
    do fd = ::open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO) ::close(fd);
}

int error_of(long result) { return result < 0 ? errno : 0; }

} // namespace

void reset_signals()
{
    for (int signal = 1; signal < NSIG; ++signal)
        ::signal(signal, SIG_DFL); // NOLINT: some cannot be set, as it should be
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

std::string read_small_file(const char* path)
{
    const base::UniqueFd fd{::open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    std::string text;
    std::array<char, 4096> buffer; // NOLINT: filled by read
    ssize_t n = 0;
    while (fd && (n = ::read(fd.get(), buffer.data(), buffer.size())) > 0)
        text.append(buffer.data(), static_cast<std::size_t>(n));
    return text;
}

bool write_small_file(const char* path, const std::string& text)
{
    const base::UniqueFd fd{::open(path, O_WRONLY | O_CLOEXEC)};
    return fd && ::write(fd.get(), text.data(), text.size()) > 0;
}

std::vector<std::string> split(const std::string& text, char separator)
{
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(separator, at), text.size());
        if (end > at) parts.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

std::string boot_id()
{
    auto text = read_small_file("/proc/sys/kernel/random/boot_id");
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

Baseline prepare_process(Abilities* abilities, bool taking_up)
{
    Baseline b;
    keep_standard_descriptors_open();
    const int not_closed = error_of(::syscall(SYS_close_range, taking_up ? ~0U : 3U, ~0U, 0U));
    abilities->found(protocol::ability_close_range, not_closed);
    for (int fd = 3; not_closed != 0 && !taking_up && fd < 1024; ++fd) ::close(fd);
    reset_signals();
    ::umask(022);
    abilities->found(protocol::ability_subreaper, error_of(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)));
    ::prctl(PR_SET_TIMERSLACK, default_timer_slack_ns, 0, 0, 0);

    b.pid = ::getpid();
    b.uid = ::geteuid();
    b.gid = ::getegid();
    if (const int count = ::getgroups(0, nullptr); count > 0) {
        b.groups.resize(static_cast<std::size_t>(count));
        b.groups.resize(static_cast<std::size_t>(std::max(0, ::getgroups(count, b.groups.data()))));
        std::sort(b.groups.begin(), b.groups.end());
    }
    errno = 0;
    b.nice = ::getpriority(PRIO_PROCESS, 0);
    b.io_priority = static_cast<int>(std::max(0L, ::syscall(SYS_ioprio_get, 1, 0)));
    b.scheduler = std::max(0, ::sched_getscheduler(0));
    if (const auto text = read_small_file("/proc/self/oom_score_adj"); !text.empty())
        b.oom_score_adj = std::atoi(text.c_str());

    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        const rlimit raised{files.rlim_max, files.rlim_max};
        if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) b.open_files = files;
    }
    // Of no use unless signals may be sent with it.
    const base::UniqueFd self{static_cast<int>(::syscall(SYS_pidfd_open, b.pid, 0U))};
    const int no_pidfd = self ? error_of(::syscall(SYS_pidfd_send_signal, self.get(), 0, nullptr, 0U)) : errno;
    abilities->found(protocol::ability_pidfd, no_pidfd);
    b.has_pidfd = no_pidfd == 0;
    return b;
}

void protect_process(Baseline* baseline, Abilities* abilities)
{
    // A heap that exists before mlockall() is locked by it; MCL_FUTURE would lock the rings as well.
    ::mallopt(M_TOP_PAD, heap_kept);
    ::mallopt(M_TRIM_THRESHOLD, 16 * heap_kept);
    std::free(std::malloc(64)); // NOLINT: makes the heap grow by its new pad
    abilities->found(protocol::ability_mlock_onfault, error_of(::mlockall(MCL_CURRENT | MCL_ONFAULT)));

    // Who asks why a node is slow, and who stops what makes it slow, is not to wait for the load in question.
    if (baseline->nice == 0) {
        abilities->found(protocol::ability_priority, error_of(::setpriority(PRIO_PROCESS, 0, preferred_nice)));
        if (abilities->has(protocol::ability_priority)) baseline->nice = preferred_nice;
    } else if (baseline->nice < 0) {
        abilities->found(protocol::ability_priority, 0);
    }
    if (::getsid(0) == ::getpid()) set_session_nice(baseline->nice);

    const bool is_protected = baseline->oom_score_adj && *baseline->oom_score_adj <= protected_oom_score_adj;
    abilities->found(protocol::ability_oom_protect, is_protected ? 0 : protect_from_oom());
    if (is_protected || !abilities->has(protocol::ability_oom_protect)) return;
    baseline->oom_score_adj_before = baseline->oom_score_adj;
    baseline->oom_score_adj = protected_oom_score_adj;
}

int protect_from_oom()
{
    errno = 0;
    const bool done = write_small_file("/proc/self/oom_score_adj", std::to_string(protected_oom_score_adj));
    return done ? 0 : errno;
}

std::uint64_t effective_capabilities()
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
    if (::syscall(SYS_capget, &header, data.data()) < 0) return 0;
    return data[0].effective | std::uint64_t{data[1].effective} << 32U;
}

void set_session_nice(int nice)
{
    if (nice < 0) write_small_file("/proc/self/autogroup", std::to_string(nice));
}

} // namespace processd::keeper
