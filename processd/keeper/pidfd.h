// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/pidfd.h: signals to processes, not to numbers.
#pragma once

#include "helpers/base/unique_fd.h"

#include <sys/syscall.h>
#include <sys/types.h>

namespace processd::keeper {

// Invalid if the process is gone or the kernel has no pidfds.
inline base::UniqueFd open_pidfd(pid_t pid) noexcept
{
    return base::UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U))};
}
inline bool send_signal(int pidfd, int signal) noexcept
{
    return ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0U) == 0;
}

} // namespace processd::keeper
