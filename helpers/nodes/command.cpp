// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/nodes/command.h"

#include "helpers/base/duration.h"
#include "helpers/base/unique_fd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace nodes {
namespace {

using base::Errc;
using base::fail;

struct Pipe {
    base::UniqueFd read, write;
};

base::Result<Pipe> make_pipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(errno, "pipe");
    return Pipe{base::UniqueFd{ends[0]}, base::UniqueFd{ends[1]}};
}

[[noreturn]] void become(const std::vector<std::string>& argv, int output, int status, Errors errors, pid_t parent)
{
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    if (errors == Errors::keep) ::dup2(output, STDERR_FILENO);
    std::vector<char*> words;
    for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execvp(words[0], words.data());
    const int why = errno;
    [[maybe_unused]] const auto written = ::write(status, &why, sizeof(why));
    ::_exit(127);
}

volatile pid_t running_group = 0;

void end_with_group(int number)
{
    if (running_group > 0) ::kill(-running_group, SIGKILL);
    ::signal(number, SIG_DFL);
    ::raise(number);
}

// Kills the group however this ends, also by a signal to us that can be caught, and leaves no zombie.
class Child {
public:
    explicit Child(pid_t pid) : pid_(pid), pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)))
    {
        running_group = pid;
        for (const int number : signals) ::signal(number, end_with_group);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child()
    {
        if (!reaped_) ::kill(-pid_, SIGKILL);
        for (const int number : signals) ::signal(number, SIG_DFL);
        // One that hangs in the kernel, on a file system that does not answer, can't die yet. It is left to whoever
        // reaps us.
        int status = 0;
        for (int tenths = 0; !ended(status) && tenths < 10; ++tenths) {
            pollfd end{fd(), POLLIN, 0};
            ::poll(&end, 1, 100);
        }
    }
    [[nodiscard]] int fd() const { return pidfd_.get(); }
    bool ended(int& status)
    {
        siginfo_t end{};
        if (reaped_ || ::waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOHANG | WNOWAIT) != 0 ||
            end.si_pid == 0)
            return reaped_;
        // What it left behind goes before it is reaped: until then the number can't be another group's.
        ::kill(-pid_, SIGKILL);
        running_group = 0;
        reaped_ = ::waitpid(pid_, &status, 0) == pid_;
        return reaped_;
    }

private:
    static constexpr std::array<int, 3> signals{SIGTERM, SIGINT, SIGHUP};
    pid_t pid_;
    base::UniqueFd pidfd_;
    bool reaped_ = false;
};

int milliseconds_until(base::Time when, bool no_pidfd)
{
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(when - base::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(ms, 0, no_pidfd ? 50 : INT_MAX));
}

bool readable_before(int fd, base::Time deadline)
{
    pollfd ready{fd, POLLIN, 0};
    while (true) {
        const auto result = ::poll(&ready, 1, milliseconds_until(deadline, false));
        if (result > 0) return true;
        if (result == 0 && base::now() >= deadline) return false;
        if (result < 0 && errno != EINTR) return false;
    }
}

// Its last three lines in one.
std::string last_words(std::string_view text)
{
    std::string words;
    for (int lines = 0; lines < 3 && !text.empty(); ++lines) {
        while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
        const auto newline = text.rfind('\n');
        const auto begin = newline == std::string_view::npos ? 0 : newline + 1;
        words = std::string(text.substr(begin).substr(0, 200)) + (words.empty() ? "" : "; ") + words;
        text = text.substr(0, begin);
    }
    return words;
}

// Reads what there is. False at the end, or when it is too much.
bool read_some(int fd, std::string& output, std::size_t max_bytes)
{
    std::array<char, 16384> buffer{};
    while (output.size() <= max_bytes) {
        const auto n = ::read(fd, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN;
        if (n == 0) return false;
        output.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return false;
}

std::string how_it_ended(int status)
{
    if (WIFEXITED(status)) return "exited with " + std::to_string(WEXITSTATUS(status));
    return "was killed by signal " + std::to_string(WTERMSIG(status));
}

} // namespace

base::Result<std::string> run(const std::vector<std::string>& argv, base::Duration timeout, std::size_t max_bytes,
                              Errors errors)
{
    const auto& name = argv.at(0);
    const auto deadline = base::now() + timeout;
    auto output_pipe = make_pipe(), status_pipe = make_pipe();
    if (!output_pipe || !status_pipe) return fail(errno, "pipe for " + name);
    const pid_t self = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return fail(errno, "fork for " + name);
    if (pid == 0) become(argv, output_pipe->write.get(), status_pipe->write.get(), errors, self);
    ::setpgid(pid, pid); // whoever of the two is first
    Child child(pid);
    output_pipe->write.reset();
    status_pipe->write.reset();
    // exec is done or has failed when this pipe closes. It reads the program, from wherever that is.
    const auto late = [&] {
        return fail(Errc::timed_out, name + " was not done after " +
                                         base::format_duration(std::chrono::ceil<std::chrono::milliseconds>(timeout)));
    };
    if (!readable_before(status_pipe->read.get(), deadline)) return late();
    int why = 0;
    if (::read(status_pipe->read.get(), &why, sizeof(why)) == sizeof(why)) return fail(why, name);

    ::fcntl(output_pipe->read.get(), F_SETFL, O_NONBLOCK);
    std::string output;
    int status = 0;
    bool open = true;
    while (true) {
        // First whether it ended, then what it wrote: so nothing is left in the pipe.
        const bool ended = child.ended(status);
        open = open && read_some(output_pipe->read.get(), output, max_bytes);
        if (output.size() > max_bytes)
            return fail(Errc::limit, name + " wrote more than " + std::to_string(max_bytes) + " bytes");
        if (ended) break;
        if (base::now() >= deadline) return late();
        std::array<pollfd, 2> fds{{{open ? output_pipe->read.get() : -1, POLLIN, 0}, {child.fd(), POLLIN, 0}}};
        ::poll(fds.data(), fds.size(), milliseconds_until(deadline, child.fd() < 0));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return output;
    const auto said = errors == Errors::keep ? last_words(output) : std::string();
    return fail(Errc::unavailable, name + " " + how_it_ended(status) + (said.empty() ? "" : ": " + said));
}

} // namespace nodes
