// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/lock/ctdbd.h"

#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace lock {

// If it is our parent now it was so before, too: the pid can't have been given to another process meanwhile.
Ctdbd::Ctdbd(pid_t pid)
    : pid_(pid), parent_(::getppid() == pid), pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)))
{
}

bool Ctdbd::gone() const
{
    if (parent_ && ::getppid() != pid_) return true;
    if (pidfd_) {
        pollfd end{pidfd_.get(), POLLIN, 0};
        return ::poll(&end, 1, 0) > 0;
    }
    return ::kill(pid_, 0) != 0 && errno == ESRCH;
}

std::optional<base::Duration> Ctdbd::recheck() const
{
    if (pidfd_) return std::nullopt;
    return std::chrono::seconds{1};
}

} // namespace lock
