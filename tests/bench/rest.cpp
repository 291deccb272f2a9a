// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/rest.h"

#include "tests/bench/figures.h"
#include "tests/bench/measurements.h"

#include <atomic>
#include <cstdio>
#include <thread>

namespace bench {
namespace {

client::Request request_for(const std::vector<std::string>& command)
{
    std::string list;
    for (const auto& word : command) {
        if (word.find_first_of("\"\\") != std::string::npos) die("a command without quotes, please: " + word);
        list += (list.empty() ? "\"" : ",\"") + word + "\"";
    }
    client::Request request;
    request.method = "POST";
    request.target = "/v1/runs?wait=60s";
    request.body = "{\"command\":[" + list + "]}";
    request.wait = std::chrono::seconds{60};
    return request;
}

} // namespace

Runner::Runner(const std::string& socket, const std::vector<std::string>& command)
    : connection_(client::Settings{.socket_path = socket}), request_(request_for(command))
{
}

double Runner::run()
{
    const auto begin = base::now();
    const auto reply = connection_.ask(request_);
    const auto end = base::now();
    if (!reply) die(reply.error().message());
    if (reply->status != 200 || reply->body.find("\"outcome\":\"exited\"") == std::string::npos ||
        reply->body.find("\"code\":0") == std::string::npos)
        die("a run did not end well: " + reply->body);
    return microseconds(end - begin);
}

void measure_rest(const Arguments& arguments)
{
    const auto socket = arguments.text("socket");
    const int in_flight = arguments.number("in-flight", 1);
    const int count = arguments.number("count", 1000) / in_flight * in_flight;
    std::vector<std::vector<double>> each(static_cast<std::size_t>(in_flight));
    const auto begin = base::now();
    {
        std::vector<std::jthread> threads;
        for (auto& mine : each)
            threads.emplace_back([&mine, &socket, &arguments, n = count / in_flight] {
                Runner runner(socket, arguments.command);
                for (int i = 0; i < n; ++i) mine.push_back(runner.run());
            });
    }
    const auto took = base::now() - begin;
    std::vector<double> all;
    for (const auto& mine : each) all.insert(all.end(), mine.begin(), mine.end());
    std::printf("{\"per_run_us\":%.1f,\"each\":%s}\n", microseconds(took) / count, distribution(all).c_str());
}

} // namespace bench
