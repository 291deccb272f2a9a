// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/core/guard.h"

#include "mutex-helpers/core/process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mutex {
namespace {

// In the child of a process that may have threads: nothing here allocates before it must speak.
[[noreturn]] void watch(int fd, pid_t holder)
{
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, holder, 0U));
    // Only now is the pid surely still the holder's.
    if (::getppid() != holder) ::_exit(0);
    ::send(fd, "", 1, MSG_NOSIGNAL); // standard output is let go of
    base::Time kill_at = base::Time::max();
    for (;;) {
        pollfd readable{fd, POLLIN, 0};
        const int ready = ::poll(&readable, 1, poll_timeout(kill_at));
        if (ready < 0) continue;
        if (ready == 0 && base::now() < kill_at) continue;
        if (ready == 0) break;
        base::Time end;
        if (::recv(fd, &end, sizeof end, 0) <= 0) ::_exit(0); // dismissed, or the holder has ended
        kill_at = end + Guard::slack;
    }
    say("lock lost - holder does not run, killed before its lease ends");
    if (pidfd < 0 || ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0U) != 0) ::kill(holder, SIGKILL);
    ::_exit(0);
}

} // namespace

void Guard::start()
{
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) return;
    fd_.reset(pair[0]);
    base::UniqueFd other{pair[1]};
    const pid_t holder = ::getpid();
    if (::fork() == 0) watch(keep_only(other.get()), holder);
    other.reset(); // without a guard its end is read
    wait_for_word(fd_.get());
}

void Guard::expect_end_by(base::Time when)
{
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (!fd_) start();
        if (!fd_) return;
        // Full only if the guard does not run; then it has an older end to go by, which is the safe side.
        if (::send(fd_.get(), &when, sizeof when, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno == EAGAIN) return;
        fd_.reset();
    }
}

} // namespace mutex
