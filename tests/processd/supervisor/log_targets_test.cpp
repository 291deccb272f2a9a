// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/log_targets.h"
#include "tests/processd/store/support.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/stat.h>

using namespace processd;
using namespace processd::supervisor;
using namespace std::chrono_literals;
using test::read_file;

namespace {

model::SinkSpec file(const std::string& path)
{
    model::SinkSpec spec;
    spec.kind = model::SinkKind::file;
    spec.format = model::LineFormat::bare;
    spec.path = path;
    return spec;
}

struct Targets {
    test::TemporaryDirectory tmp;
    loop::Loop loop;
    std::optional<LogTargets> targets;
    explicit Targets(base::Duration patience = 1min)
    {
        targets.emplace(
            loop, 1U, [] {}, patience);
    }
    model::DaemonSpec daemon;
    std::map<std::string, model::ServiceSpec> services;
    std::uint64_t seq = 0;
    base::WallTime time = base::wall_now();

    void apply() { targets->apply(plan_logs({daemon, services, {}, {}})); }
    void write(LogTargets::Source& source, const std::string& text, output::Stream stream = output::Stream::out,
               const std::string& service = "web")
    {
        output::LogLine line;
        line.seq = ++seq;
        line.time = time;
        line.service = service;
        line.run = "1";
        line.stream = stream;
        line.data = text;
        targets->write(source, line);
    }
    // Turns the loop until the condition holds.
    template <class Condition> bool turn_until(Condition condition)
    {
        const auto deadline = base::now() + 1min;
        std::function<void()> look;
        bool held = false;
        loop::Timer timer{loop, [&] { look(); }};
        look = [&] {
            held = condition();
            if (held || base::now() > deadline) return loop.stop();
            timer.at(base::now() + 5ms);
        };
        timer.at(base::now());
        loop.run();
        return held;
    }
    std::size_t sinks() { return targets->status()["sinks"].size(); }
};

std::string numbers(int from, int to)
{
    std::string text;
    for (int i = from; i <= to; ++i) text += std::to_string(i) + "\n";
    return text;
}

} // namespace

TEST_CASE("a line goes to the sinks of its service and stream", "[supervisor][log_targets]")
{
    Targets t;
    t.daemon.logs.sinks = {file(t.tmp / "all")};
    t.services["web"].logs.sinks = {file(t.tmp / "web")};
    t.services["web"].logs.sinks[0].name = "own";
    t.services["web"].logs.err = {{"own"}};
    t.apply();
    const auto web = t.targets->source("web", "1"), db = t.targets->source("db", "2");
    t.write(*web, "web out");
    t.write(*web, "web err", output::Stream::err);
    t.write(*db, "db err", output::Stream::err, "db");
    t.targets.reset();
    CHECK(read_file(t.tmp / "all") == "web out\ndb err\n");
    CHECK(read_file(t.tmp / "web") == "web out\nweb err\n");
}

TEST_CASE("a source is written when its own sinks have its lines, whatever other sinks do", "[supervisor][log_targets]")
{
    Targets t;
    t.daemon.logs.sinks = {file(t.tmp / "all")};
    t.services["web"].logs.sinks = {file(t.tmp / "missing/web")};
    t.apply();
    const auto web = t.targets->source("web", "1"), db = t.targets->source("db", "2");
    t.write(*web, "one");
    t.write(*db, "two", output::Stream::out, "db");
    CHECK(t.turn_until([&] { return t.targets->written_seq(*db) >= 2; }));
    CHECK(t.targets->written_seq(*web) < 1);
    std::filesystem::create_directory(t.tmp / "missing");
    CHECK(t.turn_until([&] { return t.targets->written_seq(*web) >= 1; }));
    CHECK(t.targets->written_seq(*t.targets->source("new", "3")) == UINT64_MAX);
}

TEST_CASE("changes of sinks lose no line and double none", "[supervisor][log_targets]")
{
    Targets t;
    const auto source = t.targets->source("web", "1");
    constexpr int rounds = 40, lines = 250;
    std::string all;
    for (int round = 0; round < rounds; ++round) {
        // By turns: one file, another, both with other attributes, and one of them as the service's own.
        t.daemon.logs.sinks.clear();
        t.services.clear();
        switch (round % 4) {
        case 0: t.daemon.logs.sinks = {file(t.tmp / "a")}; break;
        case 1: t.daemon.logs.sinks = {file(t.tmp / "b")}; break;
        case 2:
            t.daemon.logs.sinks = {file(t.tmp / "a"), file(t.tmp / "b")};
            for (auto& sink : t.daemon.logs.sinks) sink.keep = 7;
            break;
        default: t.daemon.logs.sinks = {file(t.tmp / "b")}; t.services["web"].logs.sinks = {file(t.tmp / "a")};
        }
        t.apply();
        for (int i = 0; i < lines; ++i) t.write(*source, std::to_string(round * lines + i));
    }
    t.targets.reset();
    std::vector<int> got[2];
    for (int i = 0; i < 2; ++i) {
        std::istringstream text(read_file(t.tmp / (i == 0 ? "a" : "b")));
        for (std::string line; std::getline(text, line);) got[i].push_back(std::stoi(line));
        std::sort(got[i].begin(),
                  got[i].end()); // what was taken away and is there again may write beside its successor
        std::vector<int> wanted;
        for (int n = 0; n < rounds * lines; ++n)
            if ((n / lines) % 4 != (i == 0 ? 1 : 0)) wanted.push_back(n);
        CHECK(got[i] == wanted);
    }
}

TEST_CASE("a sink that is taken away writes what it has while others go on", "[supervisor][log_targets]")
{
    Targets t;
    t.daemon.logs.sinks = {file(t.tmp / "missing/a")};
    t.apply();
    const auto source = t.targets->source("web", "1");
    t.write(*source, "for a");
    t.daemon.logs.sinks = {file(t.tmp / "b")};
    const auto before = base::now();
    t.apply();
    CHECK(base::now() - before < 1s); // its patience is ten
    t.write(*source, "for b");
    CHECK(t.turn_until([&] { return read_file(t.tmp / "b") == "for b\n"; }));
    CHECK(t.targets->written_seq(*source) < 1);
    CHECK(t.sinks() == 1);
    std::filesystem::create_directory(t.tmp / "missing");
    CHECK(t.turn_until([&] { return t.targets->written_seq(*source) >= 2; }));
    CHECK(read_file(t.tmp / "missing/a") == "for a\n");
}

TEST_CASE("a sink that is taken away and cannot be written is waited for no longer than patience",
          "[supervisor][log_targets]")
{
    Targets t{200ms};
    t.daemon.logs.sinks = {file(t.tmp / "missing/a")};
    t.apply();
    const auto source = t.targets->source("web", "1");
    t.write(*source, "for a");
    t.daemon.logs.sinks = {file(t.tmp / "b")};
    t.apply();
    t.write(*source, "for b");
    CHECK(t.targets->written_seq(*source) < 1);
    CHECK(t.turn_until([&] { return t.targets->written_seq(*source) >= 2; }));
    CHECK(read_file(t.tmp / "b") == "for b\n");
}

TEST_CASE("a sink that comes back before it had gone goes on", "[supervisor][log_targets]")
{
    Targets t;
    const auto a = file(t.tmp / "missing/a"), b = file(t.tmp / "b");
    t.daemon.logs.sinks = {a};
    t.apply();
    const auto source = t.targets->source("web", "1");
    t.write(*source, "1");
    t.daemon.logs.sinks = {b};
    t.apply();
    t.write(*source, "2");
    t.daemon.logs.sinks = {a};
    t.apply();
    t.write(*source, "3");
    std::filesystem::create_directory(t.tmp / "missing");
    CHECK(t.turn_until([&] { return t.targets->written_seq(*source) >= 3; }));
    t.targets.reset();
    CHECK(read_file(t.tmp / "missing/a") == "1\n3\n");
    CHECK(read_file(t.tmp / "b") == "2\n");
}

TEST_CASE("a changed form holds from the next line on", "[supervisor][log_targets]")
{
    Targets t;
    t.daemon.logs.sinks = {file(t.tmp / "a")};
    t.apply();
    const auto source = t.targets->source("web", "1");
    t.write(*source, "bare");
    t.daemon.logs.sinks[0].format = model::LineFormat::json;
    t.apply();
    t.write(*source, "JSON");
    t.targets.reset();
    const auto text = read_file(t.tmp / "a");
    CHECK(text.starts_with("bare\n{\"type\":\"line\""));
    CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("lines beyond the rate are left out, counted and told of", "[supervisor][log_targets]")
{
    Targets t;
    t.daemon.logs.sinks = {file(t.tmp / "a")};
    t.daemon.logs.rate_lines = 3;
    t.daemon.logs.rate_period = 10min;
    t.apply();
    const auto source = t.targets->source("web", "1");
    for (int i = 1; i <= 5; ++i) t.write(*source, std::to_string(i));
    const auto noisy = t.targets->source("", "2"), quiet = t.targets->source("", "3"); // runs have a rate each
    for (int i = 6; i <= 9; ++i) t.write(*noisy, std::to_string(i), output::Stream::out, "");
    t.write(*quiet, "10", output::Stream::out, "");
    // The service's next run goes on with the same period.
    const auto next = t.targets->source("web", "2");
    t.write(*next, "11");
    // Nothing that was left out counts as written before it is told of.
    CHECK(t.turn_until([&] { return t.targets->written_seq(*quiet) >= 10; }));
    CHECK(t.targets->written_seq(*source) < 4);
    t.targets->end(*source);
    t.time += 11min;
    t.write(*next, "12");
    CHECK(t.turn_until([&] { return t.targets->written_seq(*source) >= 5; }));
    CHECK(t.targets->status()["rate_limited"] ==
          nlohmann::json{{{"service", nullptr}, {"lines", 1}}, {{"service", "web"}, {"lines", 3}}});
    t.targets.reset();
    CHECK(read_file(t.tmp / "a") == numbers(1, 3) + numbers(6, 8) +
                                        "10\n"
                                        "ctdb-processd: … 2 lines of web[1] dropped, more than 3 in 10m\n"
                                        "ctdb-processd: … 1 lines of web[2] dropped, more than 3 in 10m\n"
                                        "12\n"
                                        "ctdb-processd: … 1 lines of run[2] dropped, more than 3 in 10m\n");
}

TEST_CASE("what was left out is told when the period is over, without another line", "[supervisor][log_targets]")
{
    Targets t;
    t.daemon.logs.sinks = {file(t.tmp / "a")};
    t.daemon.logs.rate_lines = 1;
    t.daemon.logs.rate_period = 100ms;
    t.apply();
    const auto source = t.targets->source("web", "1");
    for (int i = 1; i <= 3; ++i) t.write(*source, std::to_string(i));
    CHECK(t.turn_until([&] {
        return read_file(t.tmp / "a") == "1\nctdb-processd: … 2 lines of web[1] dropped, more than 1 in 100ms\n";
    }));
}

TEST_CASE("drained, all that was written or left out so far counts as written", "[supervisor][log_targets]")
{
    Targets t;
    t.daemon.logs.sinks = {file(t.tmp / "a")};
    t.daemon.logs.rate_lines = 2;
    t.daemon.logs.rate_period = 10min;
    t.apply();
    const auto source = t.targets->source("web", "1");
    for (int i = 1; i <= 5; ++i) t.write(*source, std::to_string(i));
    t.targets->drain(1min);
    CHECK(t.targets->written_seq(*source) >= 5);
    CHECK(read_file(t.tmp / "a") == numbers(1, 2) + "ctdb-processd: … 3 lines of web[1] dropped, more than 2 in 10m\n");
}

TEST_CASE("a sink that cannot be written is drained for no longer than the time given", "[supervisor][log_targets]")
{
    Targets t;
    t.daemon.logs.sinks = {file(t.tmp / "missing/a"), file(t.tmp / "b")};
    t.apply();
    const auto source = t.targets->source("web", "1");
    t.write(*source, "1");
    t.targets->drain(200ms);
    CHECK(t.targets->written_seq(*source) < 1);
    CHECK(t.targets->status()["sinks"].size() == 2);
}
