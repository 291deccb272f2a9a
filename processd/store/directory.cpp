// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/directory.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace processd::store {

base::Result<Directory> Directory::open(const std::string& path)
{
    const auto named = "the state directory " + path;
    if (path.empty() || path.front() != '/')
        return base::fail(base::Errc::bad_input, "the state directory \"" + path + "\" must be an absolute path");
    if (::mkdir(path.c_str(), 0700) < 0 && errno != EEXIST) {
        const int reason = errno;
        return base::fail(reason,
                          reason == ENOENT ? "make " + named + ", whose parent directory must exist" : "make " + named);
    }
    struct stat st {};
    if (::stat(path.c_str(), &st) < 0) return base::fail(errno, "look at " + named);
    if (!S_ISDIR(st.st_mode)) return base::fail(ENOTDIR, named);

    const auto lock_path = path + "/store.lock";
    base::UniqueFd lock{::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!lock) return base::fail(errno, "use " + named + ", which must be writable: open " + lock_path);
    struct flock wanted {};
    wanted.l_type = F_WRLCK;
    wanted.l_whence = SEEK_SET;
    if (::fcntl(lock.get(), F_SETLK, &wanted) < 0) {
        if (errno != EACCES && errno != EAGAIN) return base::fail(errno, "lock " + lock_path);
        struct flock holder = wanted;
        std::string by = "another process";
        if (::fcntl(lock.get(), F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK && holder.l_pid > 0)
            by = "process " + std::to_string(holder.l_pid);
        return base::fail(base::Errc::conflict, named + " is in use by " + by + "; each daemon needs its own");
    }
    return Directory{path, std::move(lock)};
}

} // namespace processd::store
