// SPDX-License-Identifier: GPL-3.0-or-later
// How long a question waits while the daemon is busy, beside the floor: an echo from a process that does nothing else.
#include "helpers/base/unique_fd.h"
#include "tests/bench/figures.h"
#include "tests/bench/measurements.h"
#include "tests/bench/rest.h"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace bench {
namespace {

using Ask = std::function<void()>;

// A child in a session of its own, as any program that asks or answers has it: the scheduler divides the processors
// among sessions first (autogroup), and what waits here is not to share with the load. Killed with this process.
pid_t child(const std::function<void()>& work)
{
    const pid_t pid = ::fork();
    if (pid < 0) die("cannot fork");
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setsid();
    work();
    ::_exit(0);
}

// Sends each byte back until the other end is closed.
void echo(int end)
{
    for (char byte = 0; ::read(end, &byte, 1) == 1;)
        if (::write(end, &byte, 1) != 1) break;
}

// Asks every 5 ms until the end; how long each answer took, in microseconds.
std::vector<double> ask_until(base::Time end, const Ask& ask)
{
    std::vector<double> answers;
    for (auto next = base::now(); next < end; next += std::chrono::milliseconds{5}) {
        std::this_thread::sleep_until(next);
        const auto begin = base::now();
        ask();
        answers.push_back(microseconds(base::now() - begin));
    }
    return answers;
}

// ask_until() in a process of its own.
class Asker {
public:
    // make() connects and gives what asks; it runs in the asking process.
    Asker(base::Time end, const std::function<Ask()>& make)
    {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) < 0) die("cannot make a pipe");
        answers_.reset(ends[0]);
        const base::UniqueFd write{ends[1]};
        child([&] {
            const auto answers = ask_until(end, make());
            const auto size = answers.size() * sizeof(double);
            if (::write(write.get(), answers.data(), size) != static_cast<ssize_t>(size)) ::_exit(1);
        });
    }
    // Waits for its end.
    std::vector<double> answers()
    {
        std::vector<double> all;
        for (double one = 0; ::read(answers_.get(), &one, sizeof one) == sizeof one;) all.push_back(one);
        if (all.empty()) die("an asking process found nothing out");
        return all;
    }

private:
    base::UniqueFd answers_;
};

Ask echo_asker()
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) < 0) die("cannot make a socket pair");
    child([&] { echo(ends[1]); });
    return [end = ends[0]] {
        char byte = 1;
        if (::write(end, &byte, 1) != 1 || ::read(end, &byte, 1) != 1) die("the echo does not answer");
    };
}

Ask api_asker(const std::string& socket, const std::string& target)
{
    auto connection = std::make_shared<client::Connection>(client::Settings{.socket_path = socket});
    client::Request request;
    request.target = target;
    return [connection, request] {
        const auto reply = connection->ask(request);
        if (!reply) die(reply.error().message());
        if (!reply->ok()) die("not a good answer: " + reply->body);
    };
}

} // namespace

void measure_latency(const Arguments& arguments)
{
    const auto socket = arguments.text("socket");
    const auto target = arguments.text("target", "/v1/services");
    const auto end = base::now() + std::chrono::seconds{arguments.number("seconds", 10)};
    Asker echo(end, echo_asker);
    Asker api(end, [&] { return api_asker(socket, target); });
    std::atomic<int> runs{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < arguments.number("in-flight", 8); ++i)
            threads.emplace_back([&] {
                Runner runner(socket, arguments.command);
                for (; base::now() < end; ++runs) runner.run();
            });
    }
    std::printf("{\"answers\":%s,\"echoes\":%s,\"runs\":%d}\n", distribution(api.answers()).c_str(),
                distribution(echo.answers()).c_str(), runs.load());
}

} // namespace bench
