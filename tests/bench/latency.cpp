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
#include <functional>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace bench {
namespace {

// A process of its own that sends each byte back until the other end is closed.
class Echo {
public:
    Echo()
    {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) < 0) die("cannot make a socket pair");
        const pid_t pid = ::fork();
        if (pid < 0) die("cannot fork");
        if (pid == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::setsid(); // as a daemon has
            ::close(ends[0]);
            for (char byte = 0; ::read(ends[1], &byte, 1) == 1;)
                if (::write(ends[1], &byte, 1) != 1) break;
            ::_exit(0);
        }
        ::close(ends[1]);
        end_.reset(ends[0]);
    }
    void ask() const
    {
        char byte = 1;
        if (::write(end_.get(), &byte, 1) != 1 || ::read(end_.get(), &byte, 1) != 1) die("the echo does not answer");
    }

private:
    base::UniqueFd end_;
};

// Asks every 5 ms until the end; how long each answer took.
std::vector<double> ask_until(base::Time end, const std::function<void()>& ask)
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

} // namespace

void measure_latency(const Arguments& arguments)
{
    const auto socket = arguments.text("socket");
    const auto end = base::now() + std::chrono::seconds{arguments.number("seconds", 10)};
    std::atomic<int> runs{0};
    std::vector<double> answers, echoes;
    const Echo echo;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < arguments.number("in-flight", 8); ++i)
            threads.emplace_back([&] {
                Runner runner(socket, arguments.command);
                for (; base::now() < end; ++runs) runner.run();
            });
        threads.emplace_back([&] { echoes = ask_until(end, [&] { echo.ask(); }); });
        client::Connection connection(client::Settings{.socket_path = socket});
        client::Request request;
        request.target = arguments.text("target", "/v1/services");
        answers = ask_until(end, [&] {
            const auto reply = connection.ask(request);
            if (!reply) die(reply.error().message());
            if (!reply->ok()) die("not a good answer: " + reply->body);
        });
    }
    std::printf("{\"answers\":%s,\"echoes\":%s,\"runs\":%d}\n", distribution(answers).c_str(),
                distribution(echoes).c_str(), runs.load());
}

} // namespace bench
