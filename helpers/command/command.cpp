// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/command/command.h"

#include "helpers/base/unique_fd.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <sstream>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace command {
namespace {

using base::UniqueFd;

// A file, so that a command which does not read holds up nobody.
base::Result<UniqueFd> make_input(std::string_view text)
{
    UniqueFd fd{::memfd_create("input", MFD_CLOEXEC)};
    if (!fd) return base::fail(errno, "a memfd for the input");
    for (std::size_t done = 0; done < text.size();) {
        const auto n = ::write(fd.get(), text.data() + done, text.size() - done);
        if (n < 0) return base::fail(errno, "write the input");
        done += static_cast<std::size_t>(n);
    }
    ::lseek(fd.get(), 0, SEEK_SET);
    return fd;
}

struct Pipe {
    UniqueFd read_end, write_end;
};
std::optional<Pipe> make_pipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
    return Pipe{UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

// posix_spawn shares memory with us until the exec, so a large process forks quickly, and tells why an exec failed.
base::Result<pid_t> spawn(const std::vector<std::string>& argv, int in, int out, int err)
{
    std::vector<char*> words;
    for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, words.front(), &actions, &attributes, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (error != 0) return base::fail(error, "start " + argv.front());
    return pid;
}

// False at the end of the stream.
bool read_some(int fd, std::string& into)
{
    std::array<char, 65536> buffer; // NOLINT: filled by read
    const auto n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0) return errno == EINTR || errno == EAGAIN;
    const auto room = max_output - std::min(max_output, into.size());
    into.append(buffer.data(), std::min(static_cast<std::size_t>(n), room));
    return n > 0;
}

int milliseconds_until(base::Time deadline)
{
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - base::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 1'000'000'000));
}

} // namespace

std::string Outcome::reason() const
{
    std::string text = timed_out     ? "did not end in time"
                       : signal != 0 ? "was ended by signal " + std::to_string(signal)
                                     : "exited with " + std::to_string(code);
    auto said = std::string_view(err.empty() ? out : err);
    while (!said.empty() && (said.back() == '\n' || said.back() == ' ')) said.remove_suffix(1);
    said.remove_prefix(std::min(said.size(), said.rfind('\n') + 1));
    if (!said.empty()) text += ": " + std::string(said.substr(0, 300));
    return text;
}

base::Result<Outcome> run(const std::vector<std::string>& argv, std::string_view input, base::Duration timeout)
{
    const auto deadline = base::now() + timeout;
    auto in = make_input(input);
    if (!in) return base::wrap("run " + argv.front(), in.error());
    auto out = make_pipe(), err = make_pipe();
    if (!out || !err) return base::fail(errno, "pipes for " + argv.front());
    const auto pid = spawn(argv, in->get(), out->write_end.get(), err->write_end.get());
    out->write_end.reset();
    err->write_end.reset();
    if (!pid) return base::fail(pid.error().code.value(), pid.error().context);
    const UniqueFd process{static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0))};

    Outcome outcome;
    // What the command leaves running may keep the pipes open: its own end is what counts.
    std::array<pollfd, 3> watched{pollfd{process.get(), POLLIN, 0}, pollfd{out->read_end.get(), POLLIN, 0},
                                  pollfd{err->read_end.get(), POLLIN, 0}};
    while (true) {
        const int ready = ::poll(watched.data(), watched.size(), milliseconds_until(deadline));
        if (ready < 0 && errno != EINTR) break;
        if (ready == 0 && base::now() >= deadline) {
            outcome.timed_out = true;
            break;
        }
        if (watched[1].revents != 0 && !read_some(out->read_end.get(), outcome.out)) watched[1].fd = -1;
        if (watched[2].revents != 0 && !read_some(err->read_end.get(), outcome.err)) watched[2].fd = -1;
        if (watched[0].revents != 0) break;
    }
    if (outcome.timed_out) ::kill(-*pid, SIGKILL); // not reaped yet, so the number is still its
    int status = 0;
    while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {}
    for (const auto& [fd, text] :
         {std::pair{out->read_end.get(), &outcome.out}, std::pair{err->read_end.get(), &outcome.err}}) {
        ::fcntl(fd, F_SETFL, O_NONBLOCK);
        for (auto before = text->size(); read_some(fd, *text) && text->size() != before;) before = text->size();
    }
    if (WIFSIGNALED(status))
        outcome.signal = WTERMSIG(status);
    else if (!outcome.timed_out)
        outcome.code = WEXITSTATUS(status);
    return outcome;
}

std::vector<std::string> ctdb_command()
{
    const char* named = std::getenv("CTDB");
    std::vector<std::string> words;
    std::istringstream text{named != nullptr ? named : ""};
    for (std::string word; text >> word;) words.push_back(word);
    if (words.empty()) words.emplace_back("ctdb");
    return words;
}

} // namespace command
