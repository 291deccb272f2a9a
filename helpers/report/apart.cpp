// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/report/apart.h"

#include "helpers/base/duration.h"
#include "helpers/base/unique_fd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace report {
namespace {

using base::UniqueFd;
using namespace std::chrono_literals;

constexpr int cannot_execute = 255;

int milliseconds_until(base::Time deadline)
{
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - base::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

// Whoever reads our output must not wait for a child that cannot be ended.
void keep_only(int& out)
{
    const int null = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2; ++fd) ::dup2(null, fd);
    if (out != 3) out = ::dup2(out, 3);
    ::closefrom(4);
}

// Reads until the end of the pipe; what was against that, if anything.
std::string read_all(int fd, base::Time deadline, base::Duration limit, std::size_t most, std::string& into)
{
    std::array<char, 65536> buffer; // NOLINT: filled by read
    for (;;) {
        pollfd readable{fd, POLLIN, 0};
        const int ready = ::poll(&readable, 1, milliseconds_until(deadline));
        if (ready == 0) {
            const auto span = base::format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(limit));
            return "did not end within " + span;
        }
        if (ready < 0 && errno != EINTR) return std::strerror(errno);
        if (ready < 0) continue;
        const auto n = ::read(fd, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return {};
        into.append(buffer.data(), std::min(static_cast<std::size_t>(n), most - into.size()));
        if (into.size() == most) return "cut at " + std::to_string(most) + " bytes";
    }
}

// Its wait status; nothing if it does not end although it was killed.
bool reap(pid_t child, int& status)
{
    for (int i = 0; i < 100; ++i) {
        const auto reaped = ::waitpid(child, &status, WNOHANG);
        if (reaped == child) return true;
        if (reaped < 0 && errno != EINTR) return true;
        ::poll(nullptr, 0, 2);
    }
    return false;
}

} // namespace

bool put(int out, std::string_view text) noexcept
{
    while (!text.empty()) {
        const auto n = ::write(out, text.data(), text.size());
        if (n < 0 && errno != EINTR) return false;
        if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

Got apart(base::Duration limit, std::size_t most_bytes, const std::function<int(int out)>& work)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {{}, std::strerror(errno)};
    UniqueFd read_end{ends[0]}, write_end{ends[1]};
    const auto deadline = base::now() + limit;
    const pid_t child = ::fork();
    if (child < 0) return {{}, std::strerror(errno)};
    if (child == 0) {
        ::setpgid(0, 0);
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
        int out = write_end.get();
        keep_only(out);
        ::_exit(work(out));
    }
    ::setpgid(child, child); // whoever is first
    write_end.reset();
    Got got;
    got.trouble = read_all(read_end.get(), deadline, limit, most_bytes, got.bytes);
    const bool in_time = got.trouble.empty();
    int status = 0;
    if (!in_time || !reap(child, status)) {
        ::kill(-child, SIGKILL);
        if (!reap(child, status)) got.trouble += "; process " + std::to_string(child) + " hangs in the kernel";
    } else if (WIFSIGNALED(status)) {
        got.trouble = std::string("ended by ") + ::strsignal(WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        got.trouble = std::strerror(WEXITSTATUS(status));
    }
    return got;
}

Got apart(base::Duration limit, std::size_t most_bytes, const std::vector<std::string>& command)
{
    std::vector<char*> words;
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    auto got = apart(limit, most_bytes, [&](int out) {
        ::dup2(out, STDOUT_FILENO);
        ::closefrom(3);
        ::execv(words.front(), words.data());
        return cannot_execute;
    });
    const bool by_exit = got.trouble == std::strerror(cannot_execute);
    if (by_exit) got.trouble = "cannot be executed";
    const bool by_us = got.trouble.starts_with("did not") || got.trouble.starts_with("cut");
    if (!got.bytes.empty() && !by_us && !got.trouble.starts_with("ended by")) got.trouble.clear();
    return got;
}

} // namespace report
