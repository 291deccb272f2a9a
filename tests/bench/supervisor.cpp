// SPDX-License-Identifier: GPL-3.0-or-later
// A supervisor, seen from outside: its services say when they start, /proc tells the rest.
#include "tests/bench/figures.h"
#include "tests/bench/measurements.h"
#include "tests/bench/processes.h"

#include "helpers/base/unique_fd.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace bench {
namespace {

using std::chrono_literals::operator""s;

struct Started { // what bench-work leaf sends
    std::int64_t pid;
    std::int64_t mono_ns;
};

class Leaves {
public:
    explicit Leaves(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (path.size() >= sizeof address.sun_path) die("too long for a socket: " + path);
        std::memcpy(address.sun_path, path.c_str(), path.size());
        ::unlink(path.c_str());
        if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
            die("cannot bind " + path);
    }

    Started next()
    {
        pollfd poll{fd_.get(), POLLIN, 0};
        Started started{};
        if (::poll(&poll, 1, 30'000) != 1 || ::recv(fd_.get(), &started, sizeof started, 0) != sizeof started)
            die("no service started within 30 s; see the supervisor's log");
        return started;
    }

private:
    base::UniqueFd fd_;
};

pid_t launch(const std::vector<std::string>& command, const std::string& log)
{
    Argv argv(command);
    const pid_t pid = ::fork();
    if (pid < 0) die("fork failed");
    if (pid > 0) return pid;
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::setsid();
    ::execvp(argv.data()[0], argv.data());
    ::_exit(127);
}

void end(pid_t supervisor)
{
    ::kill(supervisor, SIGTERM);
    for (const auto deadline = base::now() + 15s; base::now() < deadline;) {
        if (::waitpid(supervisor, nullptr, WNOHANG) == supervisor) return;
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    for (const pid_t pid : tree_of(supervisor)) ::kill(pid, SIGKILL);
    ::waitpid(supervisor, nullptr, 0);
}

} // namespace

void measure_supervisor(const Arguments& arguments)
{
    const auto services = static_cast<std::size_t>(arguments.number("services", 20));
    const int kills = arguments.number("kills", 20);
    const int idle_s = arguments.number("idle", 10);
    Leaves leaves(arguments.text("socket"));

    const auto launched = base::now();
    const pid_t supervisor = launch(arguments.command, arguments.text("log"));
    std::vector<Started> up;
    base::Time last = launched;
    while (up.size() < services) {
        up.push_back(leaves.next());
        last = std::max(last, base::time_from_ns(up.back().mono_ns));
    }
    // All have something left to do after a start, such as writing to disk what they have recorded: that is not idle.
    std::this_thread::sleep_for(8s);

    auto own = tree_of(supervisor);
    for (const auto& leaf : up) own.erase(static_cast<pid_t>(leaf.pid));
    long switches = 0;
    for (const pid_t pid : own) switches -= switches_of(pid);
    std::this_thread::sleep_for(std::chrono::seconds{idle_s});
    for (const pid_t pid : own) switches += switches_of(pid);
    Memory memory;
    for (const pid_t pid : own) {
        const auto one = memory_of(pid);
        memory.pss_kb += one.pss_kb;
        memory.memfd_kb += one.memfd_kb;
    }

    std::vector<double> respawn;
    for (int i = 0; i < kills; ++i) {
        auto& leaf = up[static_cast<std::size_t>(i) % services];
        // Some supervisors hold a restart back when the service was up for less than a second.
        if (const auto age = base::now() - base::time_from_ns(leaf.mono_ns); age < 2s)
            std::this_thread::sleep_for(2s - age);
        const auto killed = base::now();
        if (::kill(static_cast<pid_t>(leaf.pid), SIGKILL) < 0) die("a service was not where it said it was");
        leaf = leaves.next();
        respawn.push_back(microseconds(base::time_from_ns(leaf.mono_ns) - killed));
    }
    end(supervisor);
    std::printf("{\"start_us\":%.0f,\"respawn\":%s,\"pss_kb\":%ld,\"ring_pss_kb\":%ld,\"processes\":%zu,"
                "\"idle_wakeups\":%ld,\"idle_s\":%d}\n",
                microseconds(last - launched), distribution(respawn).c_str(), memory.pss_kb, memory.memfd_kb,
                own.size(), switches, idle_s);
}

} // namespace bench
