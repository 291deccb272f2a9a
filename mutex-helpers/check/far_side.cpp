// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/check/side.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <iostream>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mutex {

base::Result<std::string> reply_in(const std::string& line)
{
    if (line == "ok") return std::string();
    if (line.starts_with("ok ")) return line.substr(3);
    if (line.starts_with("error ")) return base::fail(base::Errc::bad_input, line.substr(6));
    return base::fail(base::Errc::corrupt, "the other side said \"" + line.substr(0, 200) + "\"");
}

FarSide::FarSide(const std::vector<std::string>& command)
{
    std::array<int, 2> to{}, from{};
    if (::pipe2(to.data(), O_CLOEXEC) != 0) return;
    const base::UniqueFd to_read{to[0]};
    to_.reset(to[1]);
    if (::pipe2(from.data(), O_CLOEXEC) != 0) return;
    const base::UniqueFd from_write{from[1]};
    from_.reset(from[0]);
    std::vector<char*> argv;
    for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::dup2(to_read.get(), STDIN_FILENO);
    ::dup2(from_write.get(), STDOUT_FILENO);
    ::execvp(argv[0], argv.data());
    std::fprintf(stderr, "%s: %s\n", argv[0], std::strerror(errno));
    ::_exit(127);
}

FarSide::~FarSide()
{
    to_.reset(); // its end: it kills what it has started
    from_.reset();
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

base::Result<std::string> FarSide::ask(const std::string& request)
{
    const auto gone = [] { return base::fail(base::Errc::unavailable, "the other side has ended"); };
    const auto line = request + "\n";
    if (!to_ || ::write(to_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) return gone();
    for (;;) {
        const auto end = read_.find('\n');
        if (end != std::string::npos) {
            const auto reply = read_.substr(0, end);
            read_.erase(0, end + 1);
            return reply_in(reply);
        }
        pollfd readable{from_.get(), POLLIN, 0};
        if (::poll(&readable, 1, 90 * 1000) == 0)
            return base::fail(base::Errc::timed_out, "the other side does not answer");
        std::array<char, 4096> buffer{};
        const auto n = ::read(from_.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0 || read_.size() > 65536) return gone();
        read_.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

int answer()
{
    OwnSide side;
    for (std::string request; std::getline(std::cin, request);) {
        const auto reply = side.ask(request);
        std::cout << (reply ? "ok " + *reply : "error " + reply.error().context) << std::endl;
    }
    return 0;
}

} // namespace mutex
