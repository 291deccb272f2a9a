// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/become.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace processd::keeper {
namespace {

using protocol::Stage;

constexpr int io_class_shift = 13;
constexpr std::uint32_t capability_bits = 64;
constexpr int exit_code = 127; // of a child that never became the command; the keeper knows better from the status pipe

template <class... Args> long call(long number, Args... args) noexcept { return ::syscall(number, args...); }

class Becoming {
public:
    explicit Becoming(const ChildPlan& plan) noexcept : plan_(plan), spec_(*plan.spec), status_(plan.status) {}

    void begin(Stage stage) noexcept
    {
        stage_ = stage;
        __atomic_store_n(plan_.step, static_cast<std::uint32_t>(stage) | reduced_ << step_bits, __ATOMIC_RELAXED);
    }
    [[noreturn]] void give_up(int error, protocol::Attribute attribute = protocol::Attribute::none,
                              std::uint32_t resource = 0) noexcept
    {
        const StageFailure failure{stage_, error,
                                   static_cast<std::uint32_t>(attribute) | resource << protocol::attribute_bits};
        call(SYS_write, status_, &failure, sizeof failure);
        while (true) call(SYS_exit_group, exit_code);
    }
    void must(long result) noexcept
    {
        if (result < 0) give_up(errno);
    }

    // Whether an attribute that was refused is one to do without; a mistake in its value never is.
    bool do_without(protocol::Attribute attribute) noexcept
    {
        if ((errno != EPERM && errno != EACCES) || (spec_.as_permitted & bit(attribute)) == 0) return false;
        reduced_ |= bit(attribute);
        return true;
    }
    // What was asked for must happen, unless it is to happen as far as permitted; a default that an unprivileged keeper
    // may not restore is let be.
    void want(long result, bool asked, protocol::Attribute attribute) noexcept
    {
        if (result < 0 && asked && !do_without(attribute)) give_up(errno, attribute);
    }

    void unblock_signals() noexcept
    {
        const unsigned long none = 0;
        must(call(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none));
    }

    void arrange_descriptors() noexcept
    {
        const int ready = plan_.ready < 0 ? -1 : static_cast<int>(spec_.ready_fd);
        // The keeper's other descriptors may have the numbers this child wants: those it needs go out of the way first.
        int procs = plan_.cgroup_procs;
        if (ready >= 0) {
            must(status_ = static_cast<int>(call(SYS_fcntl, status_, F_DUPFD_CLOEXEC, ready + 1)));
            if (procs >= 0) must(procs = static_cast<int>(call(SYS_fcntl, procs, F_DUPFD_CLOEXEC, ready + 1)));
        }
        must(call(SYS_dup3, plan_.in, STDIN_FILENO, 0));
        must(call(SYS_dup3, plan_.out, STDOUT_FILENO, 0));
        must(call(SYS_dup3, plan_.err, STDERR_FILENO, 0));
        if (ready >= 0 && plan_.ready == ready) must(call(SYS_fcntl, ready, F_SETFD, 0));
        if (ready >= 0 && plan_.ready != ready) must(call(SYS_dup3, plan_.ready, ready, 0));
        // Everything else is close-on-exec already. It goes now, because a child that hangs before exec must not hold
        // the keeper's sockets open.
        std::array<int, 3> kept{ready, procs, status_};
        std::sort(kept.begin(), kept.end());
        int from = STDERR_FILENO + 1;
        for (const int fd : kept) {
            if (fd < from) continue;
            if (fd > from) close_from_to(from, fd - 1);
            from = fd + 1;
        }
        close_from_to(from, -1);
        procs_ = procs;
    }

    // to: -1 for all above.
    void close_from_to(int from, int to) noexcept
    {
        if (call(SYS_close_range, from, to, 0) == 0) return;
        // Without close_range the kernel lists our descriptors; without /proc exec closes them all the same.
        const int list =
            static_cast<int>(call(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (list < 0) return;
        struct Entry {
            std::uint64_t inode;
            std::int64_t offset;
            unsigned short length;
            unsigned char type;
            char name[1];
        };
        alignas(Entry) std::array<char, 4096> buffer; // NOLINT: filled by getdents64
        long n = 0;
        while ((n = call(SYS_getdents64, list, buffer.data(), buffer.size())) > 0) {
            for (long at = 0; at < n;) {
                const auto* entry = reinterpret_cast<const Entry*>(buffer.data() + at);
                int fd = 0;
                const char* digit = &entry->name[0];
                for (; *digit >= '0' && *digit <= '9'; ++digit) fd = fd * 10 + (*digit - '0');
                if (digit != &entry->name[0] && fd >= from && (to < 0 || fd <= to) && fd != list) call(SYS_close, fd);
                at += entry->length;
            }
        }
        call(SYS_close, list);
    }

    void enter_cgroup() noexcept
    {
        if (procs_ < 0) return;
        must(call(SYS_write, procs_, "0", 1));
        call(SYS_close, procs_);
    }

    void set_limits() noexcept
    {
        const auto& b = *plan_.baseline;
        const int wanted = spec_.oom_score_adj.value_or(0);
        if (b.oom_score_adj && *b.oom_score_adj != wanted)
            want(write_oom_score(wanted) ? 0 : -1, spec_.oom_score_adj.has_value(), protocol::Attribute::oom_score_adj);
        if (b.open_files) must(call(SYS_prlimit64, 0, RLIMIT_NOFILE, &*b.open_files, nullptr));
        for (const auto& limit : spec_.limits) {
            const std::array<std::uint64_t, 2> value{limit.soft, limit.hard}; // the kernel's struct rlimit64
            if (call(SYS_prlimit64, 0, limit.resource, value.data(), nullptr) < 0 && !lower_limit(limit))
                give_up(errno, protocol::Attribute::limits, limit.resource);
        }
    }

    // A hard limit that may not be raised stays, and what was asked for is cut to it.
    bool lower_limit(const protocol::ResourceLimit& limit) noexcept
    {
        if (!do_without(protocol::Attribute::limits)) return false;
        std::array<std::uint64_t, 2> now{};
        if (call(SYS_prlimit64, 0, limit.resource, nullptr, now.data()) < 0) return false;
        const std::array<std::uint64_t, 2> value{std::min(limit.soft, now[1]), std::min(limit.hard, now[1])};
        return call(SYS_prlimit64, 0, limit.resource, value.data(), nullptr) == 0;
    }

    static bool write_oom_score(int score) noexcept
    {
        std::array<char, 8> text{};
        auto at = text.size();
        for (unsigned rest = static_cast<unsigned>(score < 0 ? -score : score); at == text.size() || rest > 0;
             rest /= 10)
            text[--at] = static_cast<char>('0' + rest % 10);
        if (score < 0) text[--at] = '-';
        const int fd = static_cast<int>(call(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
        if (fd < 0) return false;
        const bool written = call(SYS_write, fd, &text[at], text.size() - at) > 0;
        const int error = errno;
        call(SYS_close, fd);
        errno = error;
        return written;
    }

    void set_scheduler() noexcept
    {
        const auto& b = *plan_.baseline;
        const bool asked = spec_.scheduler != SCHED_OTHER;
        if (asked || b.scheduler != SCHED_OTHER) {
            const sched_param parameter{spec_.priority};
            want(call(SYS_sched_setscheduler, 0, spec_.scheduler, &parameter), asked, protocol::Attribute::scheduler);
        }
        if (spec_.nice != b.nice)
            want(call(SYS_setpriority, PRIO_PROCESS, 0, spec_.nice), spec_.nice != 0, protocol::Attribute::nice);
        const int io = spec_.io_class == 0 ? 0 : spec_.io_class << io_class_shift | spec_.io_level;
        if (io != b.io_priority) want(call(SYS_ioprio_set, 1, 0, io), io != 0, protocol::Attribute::io_class);
        if (!plan_.cpu_mask.empty())
            want(call(SYS_sched_setaffinity, 0, plan_.cpu_mask.size() * sizeof(unsigned long), plan_.cpu_mask.data()),
                 true, protocol::Attribute::cpus);
    }

    // What is mounted outside later is seen inside, as a cluster file system has to be; nothing goes the other way.
    void mount_privately() noexcept
    {
        if (spec_.binds.empty()) return;
        must(call(SYS_unshare, CLONE_NEWNS));
        must(call(SYS_mount, nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr));
        for (std::uint32_t i = 0; i < spec_.binds.size(); ++i) {
            const auto& bind = spec_.binds[i];
            const char* const target = bind.target.c_str();
            // mount(2) has one ENOENT for both.
            if (call(SYS_faccessat, AT_FDCWD, bind.source.c_str(), F_OK) < 0)
                give_up(errno, protocol::Attribute::bind_source, i);
            if (call(SYS_mount, bind.source.c_str(), target, nullptr, MS_BIND, nullptr) < 0 ||
                (bind.read_only && !make_read_only(target)))
                give_up(errno, protocol::Attribute::bind_target, i);
        }
    }

    // A remount sets all flags of a mount, so those it has are said again.
    static bool make_read_only(const char* target) noexcept
    {
        struct statfs found {};
        if (call(SYS_statfs, target, &found) < 0) return false;
        const auto kept =
            static_cast<unsigned long>(found.f_flags) & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME);
        return call(SYS_mount, nullptr, target, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | kept, nullptr) == 0;
    }

    // The bounding set needs CAP_SETPCAP, so it goes before the user does. What is permitted by now stays so.
    void bound_capabilities() noexcept
    {
        if (!spec_.capability_bounds) return;
        for (std::uint32_t i = 0; i < capability_bits; ++i) {
            if ((*spec_.capability_bounds >> i & 1U) != 0) continue;
            const long has = call(SYS_prctl, PR_CAPBSET_READ, i, 0, 0, 0);
            if (has < 0 && errno == EINVAL) return; // the kernel knows no more
            must(has);
            if (has == 0 || call(SYS_prctl, PR_CAPBSET_DROP, i, 0, 0, 0) == 0) continue;
            if (!do_without(protocol::Attribute::capabilities)) give_up(errno, protocol::Attribute::capabilities, i);
            return;
        }
    }

    void change_user() noexcept
    {
        if (!plan_.set_uid) return;
        // Else the capabilities would go with root. It ends with exec.
        if (spec_.capabilities != 0) must(call(SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0));
        must(call(SYS_setresuid, spec_.uid, spec_.uid, spec_.uid));
    }

    // Root gets by exec what its bounds allow, another user what is ambient. Capabilities that the keeper could hand on
    // by being inheritable would go round the bounds.
    void take_capabilities() noexcept
    {
        if (!spec_.capability_bounds && spec_.capabilities == 0) return;
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
        must(call(SYS_capget, &header, sets.data()));
        const bool root = spec_.uid == 0;
        const std::uint64_t permitted = sets[0].permitted | std::uint64_t{sets[1].permitted} << 32U;
        std::uint64_t given = 0;
        for (std::uint32_t i = 0; i < capability_bits; ++i) {
            if ((spec_.capabilities >> i & 1U) == 0) continue;
            if (root ? call(SYS_prctl, PR_CAPBSET_READ, i, 0, 0, 0) == 1 : (permitted >> i & 1U) != 0)
                given |= std::uint64_t{1} << i;
            else
                refuse_capability(EPERM, i);
        }
        for (std::size_t i = 0; i < sets.size(); ++i) {
            const auto half = root ? 0 : static_cast<std::uint32_t>(given >> 32U * i);
            sets[i].inheritable = half;
            if (!root) sets[i].effective = sets[i].permitted = half;
        }
        must(call(SYS_capset, &header, sets.data()));
        for (std::uint32_t i = 0; !root && i < capability_bits; ++i)
            if ((given >> i & 1U) != 0 && call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
                refuse_capability(errno, i);
    }

    void refuse_capability(int error, std::uint32_t capability) noexcept
    {
        errno = error;
        if (!do_without(protocol::Attribute::capabilities))
            give_up(error, protocol::Attribute::capabilities, capability);
    }

    // As execvp(3): a name that is not in one directory of PATH, or not executable there, is looked for in the next.
    [[noreturn]] void exec() noexcept
    {
        int error = ENOENT;
        for (const char* program : plan_.programs) {
            call(SYS_execve, program, plan_.argv.data(), plan_.env.data());
            if (errno == EACCES)
                error = EACCES;
            else if (errno != ENOENT && errno != ENOTDIR && errno != ESTALE && errno != ENODEV && errno != ETIMEDOUT)
                give_up(errno);
            else if (plan_.programs.size() == 1)
                error = errno;
        }
        give_up(error);
    }

    [[noreturn]] void run() noexcept
    {
        begin(Stage::mask);
        unblock_signals();
        begin(Stage::session);
        must(call(SYS_setsid));
        begin(Stage::fds);
        arrange_descriptors();
        begin(Stage::cgroup);
        enter_cgroup();
        begin(Stage::limits);
        set_limits();
        begin(Stage::scheduler);
        set_scheduler();
        begin(Stage::umask);
        call(SYS_umask, spec_.umask);
        begin(Stage::mounts);
        mount_privately();
        begin(Stage::groups);
        if (plan_.set_groups) must(call(SYS_setgroups, spec_.groups.size(), spec_.groups.data()));
        begin(Stage::gid);
        if (plan_.set_gid) must(call(SYS_setresgid, spec_.gid, spec_.gid, spec_.gid));
        begin(Stage::bounds);
        bound_capabilities();
        begin(Stage::uid);
        change_user();
        begin(Stage::capabilities);
        take_capabilities();
        begin(Stage::no_new_privs);
        if (spec_.no_new_privs) must(call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
        begin(Stage::chdir);
        must(call(SYS_chdir, spec_.cwd.c_str()));
        begin(Stage::exec);
        exec();
    }

private:
    const ChildPlan& plan_;
    const protocol::SpawnSpec& spec_;
    Stage stage_ = Stage::clone;
    std::uint32_t reduced_ = 0; // bits of Attribute
    int status_;
    int procs_ = -1;
};

} // namespace

void become(const ChildPlan& plan) noexcept { Becoming{plan}.run(); }

} // namespace processd::keeper
