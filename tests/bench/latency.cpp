// SPDX-License-Identifier: GPL-3.0-or-later
// How long a question waits while the daemon is busy.
#include "tests/bench/figures.h"
#include "tests/bench/measurements.h"
#include "tests/bench/rest.h"

#include <atomic>
#include <cstdio>
#include <thread>

namespace bench {

void measure_latency(const Arguments& arguments)
{
    const auto socket = arguments.text("socket");
    const auto end = base::now() + std::chrono::seconds{arguments.number("seconds", 10)};
    std::atomic<int> runs{0};
    std::vector<double> answers;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < arguments.number("in-flight", 8); ++i)
            threads.emplace_back([&] {
                Runner runner(socket, arguments.command);
                for (; base::now() < end; ++runs) runner.run();
            });
        client::Connection connection(client::Settings{.socket_path = socket});
        client::Request request;
        request.target = arguments.text("target", "/v1/services");
        for (auto next = base::now(); next < end; next += std::chrono::milliseconds{5}) {
            std::this_thread::sleep_until(next);
            const auto begin = base::now();
            const auto reply = connection.ask(request);
            if (!reply) die(reply.error().message());
            if (!reply->ok()) die("not a good answer: " + reply->body);
            answers.push_back(microseconds(base::now() - begin));
        }
    }
    std::printf("{\"answers\":%s,\"runs\":%d}\n", distribution(answers).c_str(), runs.load());
}

} // namespace bench
