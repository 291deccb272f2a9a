// SPDX-License-Identifier: GPL-3.0-or-later
// The floor under every supervisor: a small process that starts the command and waits for it.
#include "tests/bench/figures.h"
#include "tests/bench/measurements.h"
#include "tests/bench/processes.h"

#include <cerrno>
#include <cstdio>
#include <map>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

pid_t start_by_spawn(char** argv)
{
    pid_t pid = 0;
    if (const int error = ::posix_spawn(&pid, argv[0], nullptr, nullptr, argv, environ); error != 0)
        die(std::string("posix_spawn failed on ") + argv[0]);
    return pid;
}

pid_t start_by_fork(char** argv)
{
    const pid_t pid = ::fork();
    if (pid < 0) die("fork failed");
    if (pid > 0) return pid;
    ::execv(argv[0], argv);
    ::_exit(127);
}

} // namespace

void measure_bare(const Arguments& arguments)
{
    const auto how = arguments.text("how");
    if (how != "fork" && how != "spawn") die("--how is fork or spawn");
    const int count = arguments.number("count", 1000);
    const int in_flight = arguments.number("in-flight", 1);
    Argv argv(arguments.command);

    std::map<pid_t, base::Time> started;
    std::vector<double> each;
    int left = count;
    const auto begin = base::now();
    while (left > 0 || !started.empty()) {
        while (left > 0 && started.size() < static_cast<std::size_t>(in_flight)) {
            const auto before = base::now();
            started[how == "fork" ? start_by_fork(argv.data()) : start_by_spawn(argv.data())] = before;
            --left;
        }
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, 0);
        if (pid < 0) die("waitpid failed");
        if (status != 0) die(arguments.command[0] + " failed");
        each.push_back(microseconds(base::now() - started[pid]));
        started.erase(pid);
    }
    std::printf("{\"per_run_us\":%.1f,\"each\":%s}\n", microseconds(base::now() - begin) / count,
                distribution(each).c_str());
}

} // namespace bench
