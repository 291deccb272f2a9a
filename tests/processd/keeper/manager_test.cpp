// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/manager.h"

#include "processd/keeper/options.h"
#include "processd/keeper/poller.h"

#include <catch2/catch.hpp>

using namespace processd::keeper;
using namespace std::chrono_literals;

TEST_CASE("a manager is restarted at once, then after 100 ms doubling to 5 s, and at once after a good life",
          "[keeper][policy]")
{
    BackOff back_off;
    CHECK(back_off.after(1s) == 0s);
    for (const auto expected : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms})
        CHECK(back_off.after(1s) == expected);
    CHECK(back_off.after(30s) == 0s); // not short, but does not make good either
    CHECK(back_off.after(1s) == 5s);
    CHECK(back_off.after(61s) == 0s);
    CHECK(back_off.after(1s) == 0s);
    CHECK(back_off.after(1s) == 100ms);
    for (int i = 0; i < 100; ++i) CHECK(back_off.after(0s) <= 5s);
}

TEST_CASE("mail is late ten seconds after the oldest unread message, to a second", "[keeper][policy]")
{
    const base::Time t0{};
    Mail mail;
    CHECK_FALSE(mail.deadline());
    mail.sent(1, t0);
    CHECK(mail.deadline() == t0 + 11s);
    mail.sent(2, t0 + 500ms);
    mail.sent(3, t0 + 5s);
    mail.sent(4, t0 + 8s);
    CHECK(mail.deadline() == t0 + 11s);
    mail.handled(1);
    CHECK(mail.deadline() == t0 + 11s); // 2 came within the same second
    mail.handled(2);
    CHECK(mail.deadline() == t0 + 16s);
    mail.handled(3);
    CHECK(mail.deadline() == t0 + 19s);
    mail.forgive(t0 + 100s);
    CHECK(mail.deadline() == t0 + 111s);
    mail.handled(4);
    CHECK_FALSE(mail.deadline());
    mail.handled(0); // an old acknowledgement changes nothing
    CHECK_FALSE(mail.deadline());
    // Steady traffic that is read in time never becomes late, and takes no memory.
    for (std::uint64_t seq = 5; seq < 10'000; ++seq) {
        mail.sent(seq, t0 + std::chrono::milliseconds{seq * 10});
        if (seq > 100) mail.handled(seq - 100);
        CHECK(*mail.deadline() > t0 + std::chrono::milliseconds{seq * 10} + 8s);
    }
}

TEST_CASE("timers come in order, each once, and may be moved or cancelled", "[keeper][policy]")
{
    const base::Time t0{};
    Timers timers;
    CHECK_FALSE(timers.next());
    timers.set(Timer::emptying, 2, t0 + 2s);
    timers.set(Timer::emptying, 1, t0 + 1s);
    timers.set(Timer::mail, 0, t0 + 3s);
    CHECK(timers.next() == t0 + 1s);
    CHECK_FALSE(timers.due(t0));
    timers.set(Timer::emptying, 1, t0 + 4s);
    timers.cancel(Timer::mail, 0);
    timers.cancel(Timer::mail, 7);
    CHECK(timers.due(t0 + 10s) == std::pair<Timer, std::uint64_t>{Timer::emptying, 2});
    CHECK(timers.due(t0 + 10s) == std::pair<Timer, std::uint64_t>{Timer::emptying, 1});
    CHECK_FALSE(timers.due(t0 + 10s));
    CHECK_FALSE(timers.next());
}

TEST_CASE("directories become absolute and lose trailing slashes", "[keeper][policy]")
{
    std::vector<std::string> words{"ctdb-processd", "--config-dir", "relative/", "--state-dir=/absolute//"};
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const auto options = parse_options(static_cast<int>(words.size()), argv.data());
    REQUIRE(options);
    CHECK(options->config_dir.front() == '/');
    CHECK(options->config_dir.size() > 10);
    CHECK(options->config_dir.substr(options->config_dir.size() - 9) == "/relative");
    CHECK(options->state_dir == "/absolute");
    CHECK(options->runtime_dir == "/run/ctdb-processd");
    CHECK(options->api_socket() == "/run/ctdb-processd/api.socket");
}
