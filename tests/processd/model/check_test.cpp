// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/check.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd::model;
using namespace processd::model::check;
using namespace std::chrono_literals;

namespace {

const base::Time t0 = base::time_from_ns(1'000'000'000'000);

CheckSpec thrice()
{
    CheckSpec spec;
    spec.name = "answers";
    spec.every = 10s;
    spec.threshold = 3;
    spec.jitter_percent = 20;
    return spec;
}

Check in(State state)
{
    Check check;
    check.state = state;
    return check;
}

} // namespace

TEST_CASE("every input has its say in every state of a check", "[model][check]")
{
    const auto spec = thrice();
    const std::vector<State> states{Off{}, Pending{t0 + 1s}, Pending{t0}, Asking{}};
    const std::vector<Input> inputs{Begin{}, End{}, Answered{"no"}, Tick{}};
    const std::vector<std::string> table{"x...", ".x..", ".x.x", ".xx."};
    for (std::size_t s = 0; s < states.size(); ++s)
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            CAPTURE(s, i);
            const auto before = in(states[s]);
            const auto [next, actions] = step(spec, before, inputs[i], t0, 0);
            CHECK((next == before && actions.empty()) == (table[s][i] == '.'));
        }
}

TEST_CASE("a check is asked after its delay, and then after each answer with some jitter", "[model][check]")
{
    auto spec = thrice();
    spec.start_delay = 5s;
    auto s = step(spec, {}, Begin{}, t0, 0.5);
    CHECK(s.next.state == State{Pending{t0 + 5s}});
    CHECK(deadline(s.next) == t0 + 5s);
    s = step(spec, s.next, Tick{}, t0 + 5s, 0.5);
    CHECK(s.actions == std::vector{Action::ask});
    CHECK_FALSE(deadline(s.next));
    s = step(spec, s.next, Answered{}, t0 + 6s, 0.5);
    CHECK(s.next.state == State{Pending{t0 + 6s + 11s}});
    CHECK(s.actions.empty());
}

TEST_CASE("so many failures in a row make it failing, one good answer makes it good, each told once", "[model][check]")
{
    const auto spec = thrice();
    Check check = in(Asking{});
    const auto answer = [&](const char* problem) {
        auto s = step(spec, check, Answered{problem}, t0, 0);
        check = s.next;
        check.state = Asking{};
        return s.actions;
    };
    CHECK(answer("no").empty());
    CHECK(answer("no").empty());
    CHECK(answer("").empty()); // starts the row again
    CHECK(answer("no").empty());
    CHECK(answer("no").empty());
    CHECK_FALSE(check.failing);
    CHECK(answer("no") == std::vector{Action::fails});
    CHECK(answer("still no").empty());
    CHECK(check.failing);
    CHECK(check.failures == 4);
    CHECK(check.problem == "still no");
    CHECK(answer("") == std::vector{Action::recovers});
    CHECK(check.failures == 0);
    CHECK(check.problem.empty());
}

TEST_CASE("what a check knew of a service does not outlive its readiness", "[model][check]")
{
    Check check = in(Asking{});
    check.failing = true;
    check.failures = 7;
    const auto s = step(thrice(), check, End{}, t0, 0);
    CHECK(s.next == Check{});
    CHECK(s.actions == std::vector{Action::cancel});
    // But one that an earlier manager has found failing goes on failing.
    check.state = Off{};
    CHECK(step(thrice(), check, Begin{}, t0, 0).next.failing);
}

TEST_CASE("a check's specification survives its JSON", "[model][check]")
{
    auto spec = thrice();
    spec.probe.kind = ProbeKind::tcp;
    spec.probe.host = "::1";
    spec.probe.port = 1;
    spec.timeout = 1s;
    spec.start_delay = 2s;
    spec.level = Level::alive;
    spec.action = CheckAction::signal;
    spec.signal = "HUP";
    CHECK(nlohmann::json(spec).get<CheckSpec>() == spec);
}
