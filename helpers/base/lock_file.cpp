// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <thread>

namespace base {

Result<UniqueFd> lock_file(const std::string& path, Duration timeout)
{
    const auto deadline = now() + timeout;
    UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
    if (!fd) return fail(errno, "open " + path);
    auto pause = std::chrono::microseconds{500};
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return fail(errno, "lock " + path);
        if (now() >= deadline) return fail(Errc::timed_out, path + " is locked by somebody else");
        std::this_thread::sleep_for(pause); // flock knows no deadline
        if (pause < std::chrono::milliseconds{20}) pause *= 2;
    }
    return fd;
}

} // namespace base
