// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/clone.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace processd::keeper {
namespace {

constexpr std::size_t slots = 1024;
constexpr std::size_t page_bytes = slots * sizeof(std::uint32_t);

long clone3(clone_args* args, std::size_t size) noexcept { return ::syscall(SYS_clone3, args, size); }

bool is_missing(int error) { return error == ENOSYS || error == EPERM || error == EINVAL || error == E2BIG; }

} // namespace

Cloner::Cloner(Abilities* abilities, bool has_pidfd) : has_pidfd_(has_pidfd)
{
    // Neither call can make a process: one has no arguments, the other a cgroup descriptor that cannot be open.
    clone_args args{};
    const auto refusal = [&](std::size_t size, int expected) {
        return clone3(&args, size) < 0 && errno == expected ? 0 : errno;
    };
    abilities->found(protocol::ability_clone3, refusal(0, EINVAL));
    args.flags = CLONE_INTO_CGROUP;
    args.exit_signal = static_cast<unsigned>(SIGCHLD);
    args.cgroup = INT_MAX;
    abilities->found(protocol::ability_clone_into_cgroup, refusal(sizeof args, EBADF));
    clone3_ = abilities->has(protocol::ability_clone3);
    into_cgroup_ = clone3_ && abilities->has(protocol::ability_clone_into_cgroup);
}

base::Result<Cloned> Cloner::start(ChildPlan& plan, int cgroup_dir)
{
    Cloned cloned;
    int pidfd = -1;
    base::UniqueFd procs;
    long pid = -1;
    if (clone3_ && (cgroup_dir < 0 || into_cgroup_)) {
        clone_args args{};
        args.flags = CLONE_CLEAR_SIGHAND;
        if (has_pidfd_) args.flags |= CLONE_PIDFD;
        args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
        args.exit_signal = static_cast<unsigned>(SIGCHLD);
        if (cgroup_dir >= 0) {
            args.flags |= CLONE_INTO_CGROUP;
            args.cgroup = static_cast<unsigned>(cgroup_dir);
        }
        pid = clone3(&args, sizeof args);
        if (pid == 0) become(plan);
        if (pid < 0 && !is_missing(errno)) return base::fail(errno, "clone");
    }
    if (pid < 0) {
        if (cgroup_dir >= 0) {
            procs.reset(::openat(cgroup_dir, "cgroup.procs", O_WRONLY | O_CLOEXEC));
            if (!procs) return base::fail(errno, "open cgroup.procs");
            plan.cgroup_procs = procs.get();
        }
        pid = ::_Fork();
        if (pid == 0) become(plan);
        if (pid < 0) return base::fail(errno, "fork");
        if (has_pidfd_) pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U));
    }
    cloned.pid = static_cast<pid_t>(pid);
    cloned.pidfd.reset(pidfd);
    return cloned;
}

base::Result<StepSlots> StepSlots::make()
{
    StepSlots steps;
    steps.fd_.reset(::memfd_create("ctdb-processd-steps", MFD_CLOEXEC));
    if (!steps.fd_ || ::ftruncate(steps.fd_.get(), page_bytes) < 0)
        return base::fail(errno, "create the page of spawn steps");
    if (auto mapped = steps.map(steps.fd_.get()); !mapped) return tl::unexpected(mapped.error());
    for (std::size_t i = slots; i > 0; --i) steps.free_.push_back(i - 1);
    return steps;
}

base::Result<void> StepSlots::map(int fd)
{
    void* memory = ::mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) return base::fail(errno, "map the page of spawn steps");
    if (page_ != nullptr) ::munmap(page_, page_bytes);
    page_ = static_cast<std::uint32_t*>(memory);
    return {};
}

base::Result<void> StepSlots::take_up(int fd, const std::vector<std::size_t>& taken)
{
    if (auto mapped = map(fd); !mapped) return mapped;
    fd_.reset(fd);
    std::erase_if(free_, [&](std::size_t slot) { return std::find(taken.begin(), taken.end(), slot) != taken.end(); });
    return {};
}

std::optional<std::size_t> StepSlots::take()
{
    if (free_.empty()) return std::nullopt;
    const auto slot = free_.back();
    free_.pop_back();
    __atomic_store_n(at(slot), static_cast<std::uint32_t>(protocol::Stage::clone), __ATOMIC_RELAXED);
    return slot;
}

} // namespace processd::keeper
