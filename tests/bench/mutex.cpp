// SPDX-License-Identifier: GPL-3.0-or-later
// Mutex helpers from outside: how soon the byte is there, how soon the lock is free when ctdbd is not.
#include "mutex-helpers/check/asker.h"
#include "tests/bench/figures.h"
#include "tests/bench/measurements.h"
#include "tests/bench/processes.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

using mutex::Asker;

// Until something is read or the end is there.
void wait_for(Asker& asker)
{
    pollfd readable{asker.out(), POLLIN, 0};
    if (::poll(&readable, 1, 30000) != 1) die("the mutex helper does not answer");
    asker.read();
}

std::unique_ptr<Asker> hold(const std::vector<std::string>& command)
{
    auto asker = Asker::start(0, command);
    if (!asker) die(asker.error().message());
    wait_for(**asker);
    if ((*asker)->bytes() != "0") die("the mutex is not held: " + (*asker)->bytes() + " " + (*asker)->words());
    return std::move(*asker);
}

// From fork, in a small process, to the byte.
double ask(const std::vector<std::string>& command, char wanted)
{
    Argv argv(command);
    std::array<int, 2> out{};
    if (::pipe2(out.data(), O_CLOEXEC) != 0) die("pipe failed");
    const auto before = base::now();
    const pid_t pid = ::fork();
    if (pid < 0) die("fork failed");
    if (pid == 0) {
        ::dup2(out[1], STDOUT_FILENO);
        ::execv(argv.data()[0], argv.data());
        ::_exit(127);
    }
    ::close(out[1]);
    char byte = 0;
    const bool got = ::read(out[0], &byte, 1) == 1;
    const auto took = microseconds(base::now() - before);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    ::close(out[0]);
    if (!got || byte != wanted) die(command[0] + " has another answer than wanted");
    return took;
}

double orphan(const std::vector<std::string>& command)
{
    const auto asker = hold(command);
    const auto before = base::now();
    asker->kill_parent();
    while (asker->out() >= 0) wait_for(*asker);
    return microseconds(base::now() - before);
}

} // namespace

void measure_mutex(const Arguments& arguments)
{
    const auto how = arguments.text("how");
    const int count = arguments.number("count", 100);
    std::unique_ptr<Asker> holder;
    if (how == "contend") holder = hold(arguments.command);
    std::vector<double> each;
    for (int i = 0; i < count; ++i)
        each.push_back(how == "orphan" ? orphan(arguments.command) : ask(arguments.command, holder ? '1' : '0'));
    std::printf("{\"each\":%s}\n", distribution(each).c_str());
}

} // namespace bench
