// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/core/parent.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mutex {

ParentWatch ParentWatch::start()
{
    ParentWatch watch;
    watch.pid_ = ::getppid();
    if (watch.pid_ == 1) {
        watch.kind_ = Kind::init;
        return watch;
    }
    // 0 is a parent outside of our pid namespace: nothing tells when that one ends.
    if (watch.pid_ == 0) return watch;
    watch.pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, watch.pid_, 0U)));
    if (watch.pidfd_) watch.kind_ = Kind::pidfd;
    return watch;
}

bool ParentWatch::gone() const noexcept
{
    if (kind_ == Kind::init) return false;
    if (::getppid() != pid_) return true; // also if the pidfd is that of a later process with the same pid
    pollfd ended{pidfd_.get(), POLLIN, 0};
    return pidfd_ && ::poll(&ended, 1, 0) == 1;
}

} // namespace mutex
