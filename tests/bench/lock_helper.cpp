// SPDX-License-Identifier: GPL-3.0-or-later
// From the start of a lock helper, as ctdbd starts it, to its byte: the time that a client of a contended record waits
// on top of the wait for the lock.
#include "helpers/base/unique_fd.h"
#include "tests/bench/figures.h"
#include "tests/bench/measurements.h"
#include "tests/bench/processes.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>
#include <tdb.h>
#include <unistd.h>

namespace bench {
namespace {

double one(const std::string& helper, const std::vector<std::string>& rest)
{
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) die("pipe failed");
    base::UniqueFd read_end{ends[0]}, write_end{ends[1]};
    std::vector<std::string> words{helper, std::to_string(::getpid()), std::to_string(write_end.get())};
    words.insert(words.end(), rest.begin(), rest.end());
    Argv argv(words);
    pid_t pid = 0;
    char byte = 1;
    const auto begin = base::now();
    if (::posix_spawn(&pid, helper.c_str(), nullptr, nullptr, argv.data(), environ) != 0) die("cannot start " + helper);
    write_end.reset();
    if (::read(read_end.get(), &byte, 1) != 1 || byte != 0) die(helper + " did not get the lock");
    const auto us = microseconds(base::now() - begin);
    ::kill(pid, SIGTERM);
    ::waitpid(pid, nullptr, 0);
    return us;
}

} // namespace

void measure_lock_helper(const Arguments& arguments)
{
    const auto helper = arguments.text("helper");
    const bool mutexes = arguments.text("locks") == "mutex", record = arguments.text("kind") == "record";
    std::string directory = "/tmp/bench-lock.XXXXXX";
    if (::mkdtemp(directory.data()) == nullptr) die("mkdtemp failed");
    const auto path = directory + "/locking.tdb.0";
    const std::string flags = mutexes ? "0x1c41" : "0xc41"; // ctdbd's
    // As large as ctdbd makes its volatile databases, and open as long as ctdbd has it open.
    auto* tdb = tdb_open(path.c_str(), 100001, mutexes ? 0x1c41 : 0xc41, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (tdb == nullptr) die("cannot make " + path);
    std::vector<double> each;
    const int count = arguments.number("count", 200);
    for (int i = 0; i < count; ++i)
        each.push_back(record ? one(helper, {"RECORD", path, flags, "6B6579"}) : one(helper, {"DB", path, flags}));
    tdb_close(tdb);
    std::filesystem::remove_all(directory);
    std::printf("{\"each\": %s}\n", distribution(each).c_str());
}

} // namespace bench
