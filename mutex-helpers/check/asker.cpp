// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/check/asker.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mutex {
namespace {

[[noreturn]] void be_helper(const std::vector<std::string>& command, int out, int err)
{
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    std::vector<char*> argv;
    for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
}

} // namespace

base::Result<std::unique_ptr<Asker>> Asker::start(int number, const std::vector<std::string>& command)
{
    std::unique_ptr<Asker> asker(new Asker(number));
    if (const auto begun = asker->launch(command); !begun) return tl::unexpected(begun.error());
    return asker;
}

base::Result<void> Asker::launch(const std::vector<std::string>& command)
{
    std::array<int, 2> out{}, tell{};
    if (::pipe2(out.data(), O_CLOEXEC) != 0) return base::fail(errno, "pipe");
    out_.reset(out[0]);
    const base::UniqueFd out_end{out[1]};
    if (::pipe2(tell.data(), O_CLOEXEC) != 0) return base::fail(errno, "pipe");
    const base::UniqueFd tell_read{tell[0]}, tell_write{tell[1]};
    err_.reset(::memfd_create("stderr", MFD_CLOEXEC));
    if (!err_) return base::fail(errno, "memfd");
    const pid_t tester = ::getpid();
    parent_ = ::fork();
    if (parent_ < 0) return base::fail(errno, "fork");
    if (parent_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != tester) ::_exit(0);
        const pid_t helper = ::fork();
        if (helper == 0) be_helper(command, out_end.get(), err_.get());
        ::close(out_end.get());
        if (::write(tell_write.get(), &helper, sizeof helper) != sizeof helper) ::_exit(1);
        ::close_range(3, ~0U, 0); // no end of another's pipe shall be kept open here
        ::waitpid(helper, nullptr, 0);
        for (;;) ::pause(); // its parent reaps it when it is killed
    }
    if (::read(tell_read.get(), &helper_, sizeof helper_) != sizeof helper_ || helper_ < 0)
        return base::fail(errno, "fork of the helper");
    // The pid is the helper's as long as its parent has not reaped it; a helper that has ended already needs no signal.
    helper_pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, helper_, 0U)));
    ::fcntl(out_.get(), F_SETFL, O_NONBLOCK);
    return {};
}

Asker::~Asker()
{
    signal_helper(SIGKILL);
    kill_parent();
}

std::string Asker::words() const
{
    std::string text(4096, '\0');
    const auto n = ::pread(err_.get(), text.data(), text.size(), 0);
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
}

bool Asker::read()
{
    std::array<char, 64> buffer{};
    while (out_) {
        const auto n = ::read(out_.get(), buffer.data(), buffer.size());
        if (n > 0) bytes_.append(buffer.data(), static_cast<std::size_t>(n));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        if (n == 0) {
            out_.reset();
            return true;
        }
    }
    return false;
}

void Asker::signal_helper(int signal) const
{
    if (helper_pidfd_) ::syscall(SYS_pidfd_send_signal, helper_pidfd_.get(), signal, nullptr, 0U);
}

void Asker::signal_children(int signal) const
{
    std::error_code ended;
    const auto tasks = std::filesystem::directory_iterator("/proc/" + std::to_string(helper_) + "/task", ended);
    for (auto task = tasks; !ended && task != std::filesystem::directory_iterator(); task.increment(ended)) {
        std::ifstream list(task->path() / "children");
        for (pid_t child = 0; list >> child;) {
            const base::UniqueFd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, child, 0U))};
            std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
            std::string rest;
            std::getline(stat, rest);
            // Still the helper's child, now that the pidfd holds on to it.
            if (rest.find(") ") == std::string::npos) continue;
            if (rest.substr(rest.rfind(") ") + 4).rfind(std::to_string(helper_) + " ", 0) != 0) continue;
            if (pidfd) ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0U);
        }
    }
}

void Asker::kill_parent()
{
    if (parent_ < 0) return;
    ::kill(parent_, SIGKILL); // a child of ours that is not reaped: the pid is its own
    ::waitpid(parent_, nullptr, 0);
    parent_ = -1;
}

} // namespace mutex
