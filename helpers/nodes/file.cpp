// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/nodes/file.h"

#include <array>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nodes {
namespace {

using base::Errc;
using base::fail;

std::string directory_of(const std::string& path)
{
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

// Where symbolic links lead to, also if nothing is there yet.
std::string resolved(std::string path)
{
    std::array<char, PATH_MAX> target{};
    for (int links = 0; links < 40; ++links) {
        const auto length = ::readlink(path.c_str(), target.data(), target.size());
        if (length <= 0) break;
        const std::string_view next(target.data(), static_cast<std::size_t>(length));
        path = next.front() == '/' ? std::string(next) : directory_of(path) + "/" + std::string(next);
    }
    return path;
}

base::Result<void> write_all(int fd, std::string_view text, const std::string& what)
{
    while (!text.empty()) {
        const auto n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(errno, what);
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

} // namespace

base::Result<std::string> read_file(const std::string& path)
{
    const base::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)}; // a FIFO would keep us waiting
    if (!fd && errno == ENOENT) return fail(Errc::not_found, "there is no " + path);
    if (!fd) return fail(errno, path);
    struct stat st {};
    if (::fstat(fd.get(), &st) != 0) return fail(errno, path);
    if (!S_ISREG(st.st_mode)) return fail(Errc::bad_input, path + " is not a file");
    std::string text;
    char buffer[16384];
    while (text.size() <= max_list_bytes) {
        const auto n = ::read(fd.get(), buffer, sizeof(buffer));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(errno, path);
        if (n == 0) return text;
        text.append(buffer, static_cast<std::size_t>(n));
    }
    return fail(Errc::bad_input, path + " is larger than 1 MiB");
}

base::Result<std::optional<List>> read_list(const std::string& path)
{
    const auto text = read_file(path);
    if (!text && text.error().code == Errc::not_found) return std::optional<List>{};
    if (!text) return tl::unexpected(text.error());
    auto list = parse_lines(*text, false);
    if (!list) return base::wrap(path, list.error());
    return std::optional(std::move(*list));
}

base::Result<Writer> Writer::open(const std::string& path)
{
    auto real = resolved(path);
    const auto directory = directory_of(real);
    ::mkdir(directory.c_str(), 0700); // the daemon's, which may not have run yet; else it exists
    base::UniqueFd fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd) return fail(errno, directory);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return fail(errno, "lock " + directory);
        return fail(Errc::conflict, "another refresh of " + path + " is running");
    }
    return Writer{std::move(real), std::move(fd)};
}

base::Result<void> Writer::replace(std::string_view text)
{
    const auto next = path_ + ".new"; // one name: what a crash leaves is overwritten by the next one
    ::unlink(next.c_str());
    {
        const base::UniqueFd fd{::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644)};
        if (!fd) return fail(errno, next);
        ::fchmod(fd.get(), 0644); // whatever the umask: ctdb is asked by others, too
        if (const auto written = write_all(fd.get(), text, next); !written) return written;
        if (::fsync(fd.get()) != 0) return fail(errno, next);
    }
    if (::rename(next.c_str(), path_.c_str()) != 0) {
        const int why = errno;
        ::unlink(next.c_str());
        return fail(why, "replace " + path_);
    }
    if (::fsync(directory_.get()) != 0) return fail(errno, "directory of " + path_);
    return {};
}

} // namespace nodes
