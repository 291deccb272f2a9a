// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/fcntl/test_child.h"

#include "mutex-helpers/core/process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mutex {
namespace {

using namespace std::chrono_literals;

class Child {
public:
    Child(const Recheck& what, int socket, pid_t holder)
        : what_(what), socket_(socket), holder_(holder), silence_(what.ping_timeout.count())
    {
        // By pidfd, as the pid could be another's by the time.
        pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, holder, 0U));
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != holder_) ::_exit(0);
    }

    [[noreturn]] void run()
    {
        tell(); // standard output is let go of
        const bool pinging = what_.ping_timeout > 0s;
        auto next_check = base::now() + what_.interval, next_tick = base::now() + 1s;
        for (;;) {
            if (pinging && base::now() >= next_tick) {
                tell();
                if (silence_.tick()) end_holder();
                next_tick = base::now() + 1s;
            }
            if (base::now() >= next_check) {
                if (const auto wrong = check_lock_file(what_); !wrong.empty()) {
                    say(wrong);
                    ::_exit(1);
                }
                if (!pinging) tell();
                next_check = base::now() + what_.interval;
            }
            listen(pinging ? std::min(next_check, next_tick) : next_check);
        }
    }

private:
    void tell() const
    {
        // Full: the holder does not read, and will be heard of through its own silence.
        if (::send(socket_, "p", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN) ::_exit(0);
    }

    void listen(base::Time until)
    {
        pollfd readable{socket_, POLLIN, 0};
        if (::poll(&readable, 1, poll_timeout(until)) != 1) return;
        std::array<char, 64> words{};
        if (::recv(socket_, words.data(), words.size(), MSG_DONTWAIT) <= 0) ::_exit(0); // let go, or gone
        silence_.heard();
    }

    [[noreturn]] void end_holder() const
    {
        say("ping timeout from lock holder");
        if (pidfd_ < 0 || ::syscall(SYS_pidfd_send_signal, pidfd_, SIGKILL, nullptr, 0U) != 0) ::kill(holder_, SIGKILL);
        ::_exit(1);
    }

    Recheck what_;
    int socket_;
    pid_t holder_;
    int pidfd_ = -1;
    Silence silence_;
};

} // namespace

std::string check_lock_file(const Recheck& what)
{
    const auto lost = [&](const char* how) { return "lock lost - lock file \"" + what.file + "\" " + how; };
    const auto number = [](int e) { return "(ret=" + std::to_string(e) + ")"; };
    const base::UniqueFd fd{::open(what.file.c_str(), O_RDWR | O_CLOEXEC)};
    if (!fd) return lost("open failed ") + number(errno);
    struct stat st {};
    if (::fstat(fd.get(), &st) != 0) return lost("check failed ") + number(errno);
    if (st.st_ino != what.inode) return lost("inode changed");
    if (st.st_dev != what.device) return lost("device changed");
    // Blocking: a file system that hangs shall keep this process.
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = 1;
    lock.l_len = 1;
    while (::fcntl(fd.get(), F_SETLKW, &lock) != 0)
        if (errno != EINTR)
            return "lock fail - lock file \"" + what.file + "\" test lock error (" + std::to_string(errno) + ")";
    return {};
}

TestChild start_test_child(const Recheck& what)
{
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return {};
    base::UniqueFd ours{pair[0]};
    base::UniqueFd theirs{pair[1]};
    const pid_t holder = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) {
        const int socket = keep_only(theirs.get()); // the lock file too: POSIX locks are the holder's alone
        Child(what, socket, holder).run();
    }
    if (pid < 0) return {};
    theirs.reset(); // or its end would not be read
    wait_for_word(ours.get());
    return {pid, std::move(ours)};
}

} // namespace mutex
