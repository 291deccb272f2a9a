// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/upgrade_check.h"

#include "processd/keeper/keeper_state.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace processd::keeper {
namespace {

constexpr int failed = 1;
constexpr int state_fd = 3;
constexpr std::size_t most_said = 4096;
constexpr std::string_view greeting = "ctdb-processd ";

void say(const std::string& sentence) { [[maybe_unused]] const auto n = ::write(1, sentence.data(), sentence.size()); }

std::string why_not_executable(int error)
{
    switch (error) {
    case ENOENT: return "it does not exist";
    case EACCES: return "it is not an executable file, or on a file system that is mounted noexec";
    case ENOEXEC: return "it is not a program for this machine";
    default: return std::strerror(error);
    }
}

[[noreturn]] void become_check(const std::string& program, const Options& options, int state, int pipe, pid_t keeper,
                               const Baseline& baseline)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != keeper) ::_exit(failed);
    ::dup2(pipe, STDOUT_FILENO);
    ::dup2(pipe, STDERR_FILENO);
    ::dup2(state, state_fd); // closes what was there, and is not closed by exec
    if (state == state_fd) ::fcntl(state, F_SETFD, 0);
    if (::syscall(SYS_close_range, 4U, ~0U, 0U) != 0)
        for (int fd = 4; fd < 4096; ++fd) ::close(fd);
    ::setpriority(PRIO_PROCESS, 0, 0); // what is not known is not to go first
    if (baseline.oom_score_adj_before)
        write_small_file("/proc/self/oom_score_adj", std::to_string(*baseline.oom_score_adj_before));
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execl(program.c_str(), program.c_str(), "--can-take-up", std::to_string(state_fd).c_str(), "--config-dir",
            options.config_dir.c_str(), nullptr);
    say(why_not_executable(errno));
    ::_exit(failed);
}

// Printable, and in one line: it comes from a program that may be anything.
std::string in_one_line(std::string text)
{
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    for (auto& c : text) {
        if (c == '\n') c = ' ';
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
    }
    return text;
}

} // namespace

base::Result<UpgradeCheck> UpgradeCheck::start(const std::string& program, const Options& options, int state,
                                               const Baseline& baseline)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) return base::fail(errno, "make a pipe to the new program");
    UpgradeCheck check;
    check.pipe_.reset(ends[0]);
    const base::UniqueFd theirs{ends[1]};
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    const pid_t keeper = ::getpid();
    check.pid_ = ::fork();
    if (check.pid_ < 0) return base::fail(errno, "fork to try the new program");
    if (check.pid_ == 0) become_check(program, options, state, theirs.get(), keeper, baseline);
    return check;
}

bool UpgradeCheck::read()
{
    std::array<char, 1024> buffer; // NOLINT: filled by read
    while (true) {
        const auto n = ::read(pipe_.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN;
        if (n == 0) return false;
        const auto room = most_said - std::min(most_said, said_.size());
        said_.append(buffer.data(), std::min(room, static_cast<std::size_t>(n)));
        if (room == 0) return true; // of one that never ends to talk; the deadline ends it
    }
}

void UpgradeCheck::give_up() noexcept
{
    if (pid_ > 0) ::kill(pid_, SIGKILL);
}

base::Result<std::string> UpgradeCheck::verdict(int wait_status)
{
    (void)read();
    const auto refuse = [](const std::string& why) { return base::fail(base::Errc::conflict, why); };
    if (WIFSIGNALED(wait_status))
        return refuse("it was ended by signal " + std::to_string(WTERMSIG(wait_status)) + " when it was tried");
    std::string version;
    if (said_.rfind(greeting, 0) == 0) { // the first line, once it has read the state
        const auto end = std::min(said_.find('\n'), said_.size());
        version = in_one_line(said_.substr(greeting.size(), end - greeting.size()));
        said_.erase(0, std::min(end + 1, said_.size()));
    }
    if (WEXITSTATUS(wait_status) != 0) {
        const auto words = in_one_line(said_);
        return refuse(words.empty() ? "it ended with exit code " + std::to_string(WEXITSTATUS(wait_status)) +
                                          " when it was tried, and said nothing"
                                    : words);
    }
    if (version.empty()) return refuse("it does not say that it can take up a keeper's state");
    return version;
}

int can_take_up(const Options& options, std::string_view version)
{
    const auto state = read_state(options.can_take_up);
    if (!state) {
        say(state.error().message() + "\n");
        return failed;
    }
    if (const auto lost = state->capabilities & ~effective_capabilities(); lost != 0) {
        say("it would run without capabilities that this one has, numbers");
        for (unsigned i = 0; i < 64; ++i)
            if ((lost >> i & 1) != 0) say(" " + std::to_string(i));
        say("\n");
        return failed;
    }
    say(std::string(greeting) + std::string(version) + "\n");
    const std::string of(version);
    ::execl(options.manager.c_str(), "ctdb-processd-manager", "--check", "--for-keeper", of.c_str(), "--config-dir",
            options.config_dir.c_str(), nullptr);
    say("its manager " + options.manager + " cannot be run: " + why_not_executable(errno) + "\n");
    return failed;
}

} // namespace processd::keeper
