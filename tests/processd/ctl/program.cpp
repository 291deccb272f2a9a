// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/processd/ctl/program.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace test {
namespace {

struct Ends {
    base::UniqueFd read, write;
};

Ends make_pipe()
{
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) < 0) throw std::runtime_error("pipe2 failed");
    return {base::UniqueFd{fds[0]}, base::UniqueFd{fds[1]}};
}

Ends make_terminal()
{
    Ends ends{base::UniqueFd{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)}, {}};
    std::array<char, 64> name{};
    if (!ends.read || ::grantpt(ends.read.get()) != 0 || ::unlockpt(ends.read.get()) != 0 ||
        ::ptsname_r(ends.read.get(), name.data(), name.size()) != 0)
        throw std::runtime_error("no pseudo terminal");
    ends.write.reset(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    const winsize size{24, 60, 0, 0};
    ::ioctl(ends.write.get(), TIOCSWINSZ, &size);
    return ends;
}

std::vector<char*> pointers(std::vector<std::string>& words)
{
    std::vector<char*> result;
    for (auto& word : words) result.push_back(word.data());
    result.push_back(nullptr);
    return result;
}

} // namespace

Program::Program(std::vector<std::string> arguments, std::vector<std::string> environment, std::string_view input,
                 Output output)
{
    Ends out = output == Output::terminal ? make_terminal() : make_pipe();
    Ends err = make_pipe(), in = make_pipe();
    arguments.insert(arguments.begin(), PROCESSCTL);
    environment.insert(environment.end(), {"PATH=/usr/bin:/bin", "TZ=UTC"});
    auto argv = pointers(arguments);
    auto envp = pointers(environment);
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
        ::dup2(in.read.get(), 0);
        ::dup2(out.write.get(), 1);
        ::dup2(err.write.get(), 2);
        if (output == Output::none) ::close(1);
        ::signal(SIGPIPE, SIG_DFL);
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(99);
    }
    if (output != Output::closed) out_ = std::move(out.read);
    err_ = std::move(err.read);
    in.read.reset();
    // Tests give at most a little more than 1 MiB; a reader that stops early only makes this write fail.
    ::signal(SIGPIPE, SIG_IGN);
    while (!input.empty()) {
        const auto n = ::write(in.write.get(), input.data(), input.size());
        if (n <= 0) break;
        input.remove_prefix(static_cast<std::size_t>(n));
    }
}

Program::~Program()
{
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void Program::signal(int number) const { ::kill(pid_, number); }

bool Program::read_some()
{
    std::array<pollfd, 2> wait{{{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}}};
    if (wait[0].fd < 0 && wait[1].fd < 0) return false;
    ::poll(wait.data(), wait.size(), -1);
    const auto take = [](base::UniqueFd& fd, short events, std::string& text) {
        std::array<char, 65536> buffer{};
        if (events == 0) return;
        const auto n = ::read(fd.get(), buffer.data(), buffer.size());
        if (n > 0)
            text.append(buffer.data(), static_cast<std::size_t>(n));
        else
            fd.reset(); // a terminal says EIO at its end
    };
    take(out_, wait[0].revents, finished_.out);
    take(err_, wait[1].revents, finished_.err);
    return true;
}

void Program::wait_for_output(std::string_view text)
{
    while (finished_.out.find(text) == std::string::npos)
        if (!read_some()) throw std::runtime_error("processctl ended before it wrote what was waited for");
}

Finished Program::finish()
{
    while (read_some()) {}
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    finished_.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return finished_;
}

} // namespace test
