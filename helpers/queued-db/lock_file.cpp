// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/queued-db/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <thread>

namespace queued_db {

base::Result<base::UniqueFd> lock_file(const std::string& path, base::Duration timeout)
{
    const auto deadline = base::now() + timeout;
    base::UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
    if (!fd) return base::fail(errno, "open " + path);
    auto pause = std::chrono::microseconds{500};
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return base::fail(errno, "lock " + path);
        if (base::now() >= deadline) return base::fail(base::Errc::timed_out, path + " is locked by somebody else");
        std::this_thread::sleep_for(pause); // flock knows no deadline
        if (pause < std::chrono::milliseconds{20}) pause *= 2;
    }
    return fd;
}

} // namespace queued_db
