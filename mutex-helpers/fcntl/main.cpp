// SPDX-License-Identifier: GPL-3.0-or-later
// ctdb_mutex_fcntl_helper FILE [RECHECK [PING]]: a POSIX lock on byte 0 of a file in a cluster file system. Drop-in for
// CTDB's helper of this name: arguments, texts, exit codes and bytes are its own (docs/man/ctdb_mutex_fcntl_helper.8).
//
// SIGTERM keeps its default. A handler would not run while the process waits for a file system, but a fatal signal ends
// waits of network file systems.
#include "mutex-helpers/core/helper.h"
#include "mutex-helpers/core/process.h"
#include "mutex-helpers/fcntl/test_child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace {

using namespace mutex;
using namespace std::chrono_literals;

class FcntlLock : public Backend {
public:
    explicit FcntlLock(Recheck what) : what_(std::move(what)) {}

    Answer take(Call&) override
    {
        const auto& file = what_.file;
        fd_.reset(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        if (!fd_) return Failed{"Unable to open " + file + " - (" + std::strerror(errno) + ")"};
        struct flock lock {};
        lock.l_type = F_WRLCK;
        lock.l_whence = SEEK_SET;
        lock.l_start = 0;
        lock.l_len = 1;
        while (::fcntl(fd_.get(), F_SETLK, &lock) != 0) {
            if (errno == EACCES || errno == EAGAIN) return Contended{};
            if (errno != EINTR) return Failed{"Failed to get lock on '" + file + "' - (" + std::strerror(errno) + ")"};
        }
        return Took{};
    }

    std::string hold(Call& call) override
    {
        if (what_.interval == 0s) {
            while (call.wait_until(base::Time::max())) {}
            return {};
        }
        struct stat st {};
        if (::fstat(fd_.get(), &st) != 0)
            return "lock lost - lock file \"" + what_.file + "\" stat failed (ret=" + std::to_string(errno) + ")";
        what_.device = st.st_dev;
        what_.inode = st.st_ino;
        child_ = start_test_child(what_);
        if (child_.pid < 0) return std::string("lock lost - no test child - (") + std::strerror(errno) + ")";
        return watch(call);
    }

    void let_go() override
    {
        fd_.reset(); // may wait for the file system
        child_.socket.reset();
        if (child_.pid < 0) return;
        ::kill(child_.pid, SIGKILL);
        ::waitpid(child_.pid, nullptr, WNOHANG); // one that is stuck is not waited for
    }

private:
    // Until the child ends, is silent for too long, or the call is not wanted.
    std::string watch(Call& call)
    {
        const bool pinging = what_.ping_timeout > 0s;
        // Without pings the child is heard of after each check, and what is too long is worth a word, not the lock.
        const auto period = pinging ? 1s : std::max(what_.interval, 5s);
        Silence silence(pinging ? what_.ping_timeout.count() : 2);
        auto next_tick = base::now() + period;
        bool warned = false;
        while (call.wanted()) {
            std::array<pollfd, 2> fds{{{call.unwanted_fd(), POLLIN, 0}, {child_.socket.get(), POLLIN, 0}}};
            const int ready = ::poll(fds.data(), fds.size(), poll_timeout(next_tick));
            if (ready > 0 && fds[1].revents != 0) {
                std::array<char, 64> words{};
                if (::recv(child_.socket.get(), words.data(), words.size(), MSG_DONTWAIT) <= 0) return {};
                silence.heard();
                warned = false;
            }
            if (base::now() < next_tick) continue;
            next_tick = base::now() + period;
            if (pinging) ::send(child_.socket.get(), "p", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (!silence.tick()) continue;
            if (pinging) return "ping timeout from lock test child";
            if (!std::exchange(warned, true))
                say("lock file \"" + what_.file + "\" does not answer, its lock may not be let go until it does");
        }
        return {};
    }

    Recheck what_;
    base::UniqueFd fd_;
    TestChild child_;
};

// As CTDB reads it: a number in front, whatever follows.
bool read_seconds(const char* text, std::chrono::seconds& into)
{
    char* rest = nullptr;
    errno = 0;
    const auto value = std::strtoul(text, &rest, 10);
    if (rest == text || errno != 0 || std::strchr(text, '-') != nullptr) return false;
    into = std::chrono::seconds(std::min<unsigned long>(value, 0xffffffffUL));
    return true;
}

constexpr const char* usage = " <file> [recheck_interval [ping_timeout]]";

} // namespace

int main(int argc, char** argv)
{
    clean_process(argv[0]);
    Recheck what;
    if (argc < 2 || argc > 4 || (argc > 2 && !read_seconds(argv[2], what.interval)) ||
        (argc > 3 && !read_seconds(argv[3], what.ping_timeout))) {
        say_plain("Usage: " + program_name() + usage);
        return 1;
    }
    if (std::strcmp(argv[1], "--help") == 0) {
        std::printf("Usage: %s%s\n", program_name().c_str(), usage);
        return 0;
    }
    what.file = argv[1];
    Traits traits;
    traits.rules.too_late = "lock file \"" + what.file + "\" does not answer";
    traits.rules.cannot_let = "cannot let go of lock file \"" + what.file + "\", it stays locked until it answers";
    auto* backend = new FcntlLock(std::move(what)); // as long as the process
    run(*backend, std::move(traits));
}
