// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/core/process.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace mutex {
namespace {

std::string name;

void close_from(unsigned first)
{
    if (::syscall(SYS_close_range, first, ~0U, 0U) == 0) return;
    // A kernel before 5.9, or a filter that does not know the call.
    std::vector<int> found;
    if (DIR* dir = ::opendir("/proc/self/fd")) {
        while (const dirent* entry = ::readdir(dir)) {
            const int fd = std::atoi(entry->d_name);
            if (fd >= static_cast<int>(first) && fd != ::dirfd(dir)) found.push_back(fd);
        }
        ::closedir(dir);
    }
    for (const int fd : found) ::close(fd);
}

void put_null_at(int fd, int flags)
{
    const int null = ::open("/dev/null", flags | O_CLOEXEC);
    if (null < 0 || null == fd) return;
    ::dup2(null, fd);
    ::close(null);
}

void unblock_signals()
{
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

} // namespace

void clean_process(const char* argv0)
{
    const std::string_view path = argv0 != nullptr ? argv0 : "";
    name = path.substr(path.rfind('/') + 1); // npos + 1 is 0
    close_from(3);
    for (const int fd : {0, 1, 2}) // or the lock file would become standard output and get the byte
        if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) put_null_at(fd, O_RDWR);
    for (int signal = 1; signal < NSIG; ++signal) // SIGKILL, SIGSTOP and what libc keeps for itself refuse
        if (signal != SIGPIPE) std::signal(signal, SIG_DFL);
    std::signal(SIGPIPE, SIG_IGN);
    unblock_signals();
}

const std::string& program_name() { return name; }

void name_program(std::string_view other) { name = other; }

void say(std::string_view text) { say_plain(name + ": " + std::string(text)); }

void say_plain(std::string_view text)
{
    std::string line(text.substr(0, PIPE_BUF - 1)); // up to PIPE_BUF lines of several processes do not mix
    line += '\n';
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&ready, 1, 0) == 1) [[maybe_unused]]
        const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

int keep_only(int fd)
{
    unblock_signals(); // a thread without signals may have forked
    put_null_at(STDOUT_FILENO, O_WRONLY);
    if (fd >= 0 && fd != 3) {
        ::dup2(fd, 3);
        fd = 3;
    }
    close_from(fd >= 0 ? 4 : 3);
    return fd;
}

void wait_for_word(int socket)
{
    pollfd word{socket, POLLIN, 0};
    ::poll(&word, 1, 1000);
}

int poll_timeout(std::optional<base::Time> when)
{
    using namespace std::chrono_literals;
    if (!when) return -1;
    const auto left = std::clamp<base::Duration>(*when - base::now(), 0s, 1h);
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

} // namespace mutex
