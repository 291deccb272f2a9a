// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/service.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

using namespace processd::model;
using namespace processd::model::service;
using namespace std::chrono_literals;

namespace {

const base::Time t0 = base::time_from_ns(1'000'000'000'000);

ServiceSpec plain()
{
    ServiceSpec spec;
    spec.name = "web";
    spec.process.command = {"/bin/web"};
    spec.restart.jitter_percent = 0;
    return spec;
}
Outcome exited(int code)
{
    Outcome outcome;
    outcome.code = code;
    return outcome;
}
Service in(State state, bool wanted = true)
{
    Service s;
    s.state = std::move(state);
    s.wanted = wanted;
    return s;
}
Step take(const ServiceSpec& spec, const Service& s, const Input& i, base::Time now = t0, double random = 0)
{
    return step(s, i, Context{spec, now, random});
}

} // namespace

TEST_CASE("every state of a service takes every input, and only these pairs change anything", "[model][service]")
{
    auto spec = plain();
    spec.pre_start = {{"/bin/a"}, {"/bin/b"}};
    spec.post_stop = {{"/bin/c"}};
    spec.ready.kind = ReadyKind::probe;
    const std::vector<State> states{Down{},
                                    Down{Why::failed},
                                    Down{Why::unmet},
                                    Waiting{},
                                    PreStart{0},
                                    Starting{},
                                    Starting{true, true, std::nullopt, t0 + 1s},
                                    Ready{t0},
                                    StopCommand{t0 + 1s, true, std::nullopt},
                                    Stopping{},
                                    PostStop{0},
                                    BackOff{t0 + 1s}};
    const std::vector<Input> inputs{StartWanted{"x"},    StopWanted{"x", false},
                                    DependenciesMet{},   DependencyFailed{"y"},
                                    DependencyBack{},    MainSpawned{},
                                    MainReady{},         MainEnded{exited(1)},
                                    AuxEnded{exited(0)}, ProbeEnded{},
                                    CheckFailed{"z"},    Notified{t0, t0 + 9s, false},
                                    ResetWanted{"w"},    Tick{}};
    // Ticks come at t0, before any deadline above.
    const std::vector<std::string> table{
        "x.............", // down: a stop of what is down is nothing new
        "xx..........x.", // failed: a stop clears the failure
        "xx..x.........", // unmet
        ".xxx..........", // waiting
        ".x......x.....", // pre_start
        ".x...xxx......", // starting, not spawned
        ".x....xxxx.x..", // starting, probing
        ".x.....x..x...", // ready
        "xx.....xx..x..", // stop command
        "xx.....x......", // stopping
        "xx......x.....", // post_stop
        "xx............", // back-off
    };
    REQUIRE(table.size() == states.size());
    for (std::size_t s = 0; s < states.size(); ++s)
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            CAPTURE(s, i);
            const auto before = in(states[s], s > 1);
            const auto [next, actions] = take(spec, before, inputs[i]);
            CHECK((next == before && actions.empty()) == (table[s][i] == '.'));
        }
}

TEST_CASE("failures that are forgotten count no more", "[model][service]")
{
    auto spec = plain();
    spec.restart.burst = 2;
    auto failed = in(Down{Why::failed}, false);
    failed.failures = 7;
    failed.starts = {t0, t0};
    const auto s = take(spec, failed, ResetWanted{"uid 0"});
    CHECK(name_of(s.next) == "stopped");
    CHECK(s.next.reason == "failure forgotten by uid 0");
    CHECK(s.next.failures == 0);
    CHECK(s.next.starts.empty());
    auto waiting = in(BackOff{t0 + 1min});
    waiting.failures = 7;
    const auto later = take(spec, waiting, ResetWanted{"uid 0"});
    CHECK(later.next.state == State{BackOff{t0 + 1min}}); // and the delay after that is the first again
    CHECK(later.next.failures == 0);
}

TEST_CASE("a service runs its pre_start commands in order, then its process", "[model][service]")
{
    auto spec = plain();
    spec.pre_start = {{"/bin/a"}, {"/bin/b"}};
    auto s = take(spec, in(Waiting{}), DependenciesMet{});
    CHECK(s.actions == std::vector<Action>{StartRun{Role::pre_start, 0}});
    s = take(spec, s.next, AuxEnded{exited(0)});
    CHECK(s.actions == std::vector<Action>{StartRun{Role::pre_start, 1}});
    s = take(spec, s.next, AuxEnded{exited(0)});
    CHECK(s.actions == std::vector<Action>{StartRun{Role::main, 0}});
    s = take(spec, s.next, MainSpawned{});
    CHECK(name_of(s.next) == "ready");
}

TEST_CASE("a failing pre_start command is a failed start, retried after the delay", "[model][service]")
{
    auto spec = plain();
    spec.pre_start = {{"/bin/a"}};
    const auto s = take(spec, in(PreStart{0}), AuxEnded{exited(7)});
    CHECK(s.next.state == State{BackOff{t0 + 500ms}});
    CHECK(s.next.reason == "pre_start command 1 exited with code 7, restart after 500ms");
}

TEST_CASE("a service that sends no sign of life in time is aborted and counts as failed", "[model][service]")
{
    auto spec = plain();
    spec.ready.kind = ReadyKind::notify;
    spec.watchdog = 30s;
    auto s = take(spec, in(Starting{true}), MainReady{});
    CHECK(s.next.state == State{Ready{t0, t0 + 30s}});
    CHECK(deadline(s.next) == t0 + 30s);
    // One that came in time gives it as long again, and one that came before it was ready takes nothing away.
    CHECK(take(spec, s.next, Notified{t0 + 20s, {}, false}, t0 + 30s).next.state == State{Ready{t0, t0 + 50s}});
    CHECK(take(spec, s.next, Notified{t0 - 5s, {}, false}, t0 + 30s).next.state == State{Ready{t0, t0 + 30s}});
    CHECK(take(spec, s.next, Tick{}, t0 + 29s).next.state == s.next.state);
    s = take(spec, s.next, Tick{}, t0 + 30s);
    CHECK(s.actions == std::vector<Action>{StopMain{OutcomeKind::timed_out, false, spec.stop.timeout, SIGABRT}});
    CHECK(s.next.reason == "no WATCHDOG=1 within 30s");
    s = take(spec, s.next, MainEnded{outcome_from_wait(OutcomeKind::timed_out, SIGABRT)});
    CHECK(s.next.state == State{BackOff{t0 + 500ms}});
    // At once, where it says so itself.
    s = take(spec, in(Ready{t0, t0 + 30s}), Notified{t0, {}, true});
    CHECK(s.next.reason == "it sent WATCHDOG=trigger");
}

TEST_CASE("a service may ask for more time, to become ready and to stop", "[model][service]")
{
    auto spec = plain();
    spec.stop.command = {"/bin/s"};
    const auto starting =
        take(spec, in(Starting{true, false, std::nullopt, t0 + 1s}), Notified{{}, t0 + 5s, false}).next;
    CHECK(deadline(starting) == t0 + 5s);
    CHECK(deadline(take(spec, starting, Notified{{}, t0 + 2s, false}).next) == t0 + 5s); // never less
    const auto stopping = take(spec, in(StopCommand{t0 + 1s, true, std::nullopt}), Notified{{}, t0 + 5s, false}).next;
    CHECK(deadline(stopping) == t0 + 5s);
    CHECK(take(spec, in(Starting{true}), Notified{{}, t0 + 5s, false}).next == in(Starting{true})); // no limit to move
}

TEST_CASE("the readiness timeout starts with the process, and a late service is stopped and retried",
          "[model][service]")
{
    auto spec = plain();
    spec.ready.kind = ReadyKind::probe;
    spec.ready.timeout = 10s;
    auto s = take(spec, in(Starting{}), MainSpawned{});
    CHECK(s.next.state == State{Starting{true, false, t0, t0 + 10s}});
    CHECK(deadline(s.next) == t0);
    s = take(spec, s.next, Tick{});
    CHECK(s.actions == std::vector<Action>{StartRun{Role::ready, 0}});
    CHECK(deadline(s.next) == t0 + 10s);
    s = take(spec, s.next, AuxEnded{exited(1)}, t0 + 1s);
    CHECK(deadline(s.next) == t0 + 1500ms);
    s = take(spec, s.next, Tick{}, t0 + 10s);
    CHECK(s.actions == std::vector<Action>{StopMain{OutcomeKind::timed_out, false, 10s}});
    CHECK(s.next.reason == "not ready within 10s: its readiness command exited with code 1");
    s = take(spec, s.next, MainEnded{outcome_from_wait(OutcomeKind::timed_out, SIGTERM)}, t0 + 11s);
    CHECK(name_of(s.next) == "backoff");
    CHECK(s.next.failures == 1);
}

TEST_CASE("a stop command has the stop timeout, then the tree is signalled, then killed", "[model][service]")
{
    auto spec = plain();
    spec.stop.command = {"/bin/stop"};
    spec.stop.timeout = 60s;
    auto s = take(spec, in(Ready{t0}), StopWanted{"operator", false});
    CHECK(s.actions == std::vector<Action>{StartRun{Role::stop, 0}});
    SECTION("it works")
    {
        s = take(spec, s.next, AuxEnded{exited(0)}, t0 + 1s);
        CHECK(s.actions.empty());
        s = take(spec, s.next, MainEnded{exited(0)}, t0 + 2s);
        CHECK(s.next.state == State{Down{Why::stopped}});
    }
    SECTION("the process ends first, and the command is waited for")
    {
        s = take(spec, s.next, MainEnded{exited(0)}, t0 + 1s);
        CHECK(name_of(s.next) == "stopping");
        s = take(spec, s.next, AuxEnded{exited(0)}, t0 + 2s);
        CHECK(s.next.state == State{Down{Why::stopped}});
    }
    SECTION("it fails, and the signal takes its place")
    {
        s = take(spec, s.next, AuxEnded{exited(1)}, t0 + 1s);
        CHECK(s.actions == std::vector<Action>{StopMain{OutcomeKind::cancelled, false, 59s}});
    }
    SECTION("nothing helps in time")
    {
        s = take(spec, s.next, Tick{}, t0 + 60s);
        CHECK(s.actions == std::vector<Action>{CancelAux{}, StopMain{OutcomeKind::cancelled, true, 2s}});
    }
}

TEST_CASE("restart policies", "[model][service]")
{
    auto spec = plain();
    const auto after = [&](RestartPolicy policy, int code) {
        spec.restart.policy = policy;
        return std::string(name_of(take(spec, in(Ready{t0}), MainEnded{exited(code)}).next));
    };
    CHECK(after(RestartPolicy::always, 0) == "backoff");
    CHECK(after(RestartPolicy::always, 1) == "backoff");
    CHECK(after(RestartPolicy::on_failure, 0) == "stopped");
    CHECK(after(RestartPolicy::on_failure, 1) == "backoff");
    CHECK(after(RestartPolicy::never, 0) == "stopped");
    CHECK(after(RestartPolicy::never, 1) == "failed");
    spec.restart.success_codes = {0, 1};
    CHECK(after(RestartPolicy::on_failure, 1) == "stopped");
}

TEST_CASE("the delay doubles up to its cap, with jitter on top, and health resets it", "[model][service]")
{
    RestartSpec spec;
    spec.delay = 1s;
    spec.max_delay = 5s;
    spec.jitter_percent = 10;
    CHECK(restart_delay(spec, 1, 0) == 1s);
    CHECK(restart_delay(spec, 3, 0) == 4s);
    CHECK(restart_delay(spec, 4, 0) == 5s);
    CHECK(restart_delay(spec, 1000, 0) == 5s);
    CHECK(restart_delay(spec, 1, 1) == 1100ms);
    spec.delay = 0s;
    CHECK(restart_delay(spec, 9, 1) == 0s);

    auto service = plain();
    service.restart.reset_after = 1min;
    auto failing = in(Ready{t0});
    failing.failures = 6;
    CHECK(take(service, failing, MainEnded{exited(1)}, t0 + 59s).next.failures == 7);
    CHECK(take(service, failing, MainEnded{exited(1)}, t0 + 60s).next.failures == 1);
}

TEST_CASE("who wants a service up does not wait for a delay or count earlier failures", "[model][service]")
{
    auto spec = plain();
    spec.restart.burst = 2;
    auto failing = in(BackOff{t0 + 1h});
    failing.failures = 6;
    failing.starts = {t0, t0};
    const StartWanted start{"operator"};
    const StopWanted restart{"operator", true};
    auto failed = failing;
    failed.state = Down{Why::failed};
    failed.wanted = false;
    for (const auto& before : {failing, failed})
        for (const Input& input : {Input{start}, Input{restart}}) {
            const auto s = take(spec, before, input).next;
            CHECK(s.state == State{Waiting{}});
            CHECK(s.failures == 0);
            CHECK(s.wanted);
            CHECK(name_of(take(spec, s, DependenciesMet{}).next) == "starting");
        }
    auto running = in(Ready{t0});
    running.failures = 1;
    running.starts = {t0, t0};
    auto s = take(spec, running, restart).next;
    CHECK(name_of(s) == "stopping");
    s = take(spec, s, MainEnded{exited(0)}).next;
    CHECK(name_of(take(spec, s, DependenciesMet{}).next) == "starting");
    CHECK(s.failures == 0);
}

TEST_CASE("a start that fails in pre_start counts for the burst limit", "[model][service]")
{
    auto spec = plain();
    spec.pre_start = {{"/bin/a"}};
    spec.restart.burst = 1;
    auto s = take(spec, in(Waiting{}), DependenciesMet{}).next;
    s = take(spec, s, AuxEnded{exited(7)}).next;
    REQUIRE(name_of(s) == "backoff");
    s = take(spec, s, Tick{}, t0 + 500ms).next;
    s = take(spec, s, DependenciesMet{}, t0 + 500ms).next;
    CHECK(s.state == State{Down{Why::failed}});
    CHECK(s.reason == "it was started 1 time within 10m, which is its burst limit; it ended last: exited with code 7");
    CHECK(s.restarts == 0);
}

TEST_CASE("a restart counts when it begins, whether after a delay or without one", "[model][service]")
{
    auto spec = plain();
    for (const auto delay : {base::Duration{0s}, base::Duration{100ms}}) {
        spec.restart.delay = spec.restart.max_delay = delay;
        auto s = take(spec, in(Waiting{}), DependenciesMet{}).next;
        CHECK(s.restarts == 0);
        s = take(spec, s, MainSpawned{}).next;
        s = take(spec, s, MainEnded{exited(1)}).next;
        s = take(spec, s, Tick{}, t0 + delay).next;
        CHECK(s.state == State{Waiting{}});
        CHECK(s.restarts == 0);
        s = take(spec, s, DependenciesMet{}, t0 + delay).next;
        CHECK(s.restarts == 1);
        s = take(spec, s, StopWanted{"operator", true}, t0 + delay).next; // a restart that is wanted is none by policy
        s = take(spec, s, MainEnded{exited(0)}, t0 + delay).next;
        s = take(spec, s, DependenciesMet{}, t0 + delay).next;
        CHECK(name_of(s) == "starting");
        CHECK(s.restarts == 1);
    }
}

TEST_CASE("a stop during pre_start cancels the command once, and a start takes the stop back", "[model][service]")
{
    auto spec = plain();
    spec.pre_start = {{"/bin/a"}, {"/bin/b"}};
    auto s = take(spec, in(PreStart{0}), StopWanted{"operator", false});
    CHECK(s.actions == std::vector<Action>{CancelAux{}});
    const auto stopped = s.next;
    CHECK(take(spec, stopped, StopWanted{"operator", false}).actions.empty());
    CHECK(take(spec, stopped, AuxEnded{exited(0)}).next.state == State{Down{Why::stopped}});
    s = take(spec, stopped, StartWanted{"operator"});
    CHECK(s.actions.empty());
    CHECK(take(spec, s.next, AuxEnded{exited(0)}).next.state == State{Waiting{}});
}

TEST_CASE("a stop during post_stop prevents the restart, and a start makes it immediate", "[model][service]")
{
    auto spec = plain();
    spec.post_stop = {{"/bin/a"}};
    const auto ended = take(spec, in(Ready{t0}), MainEnded{exited(9)}).next;
    auto s = take(spec, ended, StopWanted{"operator", false}).next;
    s = take(spec, s, AuxEnded{exited(0)}).next;
    CHECK(s.state == State{Down{Why::stopped}});
    s = take(spec, ended, StartWanted{"operator"}).next;
    s = take(spec, s, AuxEnded{exited(0)}).next;
    CHECK(s.state == State{Waiting{}});
}

TEST_CASE("one that did not become ready says what was missing", "[model][service]")
{
    auto spec = plain();
    spec.ready.timeout = 1s;
    const auto reason = [&] {
        const auto s = take(spec, in(Starting{}), MainSpawned{}).next;
        return take(spec, s, Tick{}, t0 + 1s).next.reason;
    };
    spec.ready.kind = ReadyKind::notify;
    CHECK(reason() == "not ready within 1s: it has not sent READY=1");
    spec.ready.kind = ReadyKind::fd;
    CHECK(reason() == "not ready within 1s: no newline came from its descriptor 3");
    spec.ready.kind = ReadyKind::output;
    spec.ready.pattern = "up";
    CHECK(reason() == "not ready within 1s: it has printed no line with \"up\"");
    spec.ready.kind = ReadyKind::probe;
    auto probing = in(Starting{true, true, std::nullopt, t0 + 1s});
    CHECK(take(spec, probing, Tick{}, t0 + 1s).next.reason ==
          "not ready within 1s: its readiness command has not ended");
}

TEST_CASE("too many starts within the window are a failure that stays", "[model][service]")
{
    auto spec = plain();
    spec.restart.burst = 2;
    spec.restart.burst_window = 10s;
    auto s = in(Waiting{});
    for (int i = 0; i < 2; ++i) {
        s = take(spec, s, DependenciesMet{}, t0).next;
        CHECK(name_of(s) == "starting");
        s.state = Waiting{};
    }
    const auto third = take(spec, s, DependenciesMet{}, t0 + 9s).next;
    CHECK(third.state == State{Down{Why::failed}});
    CHECK(third.reason == "it was started 2 times within 10s, which is its burst limit");
    CHECK(name_of(take(spec, s, DependenciesMet{}, t0 + 10s).next) == "starting");
}

TEST_CASE("a start wanted during a stop makes it a restart, and a stop takes that back", "[model][service]")
{
    const auto spec = plain();
    auto s = take(spec, in(Stopping{}, false), StartWanted{"operator"}).next;
    CHECK(name_of(take(spec, s, MainEnded{exited(0)}).next) == "waiting");
    s = take(spec, s, StopWanted{"operator", false}).next;
    CHECK(take(spec, s, MainEnded{exited(0)}).next.state == State{Down{Why::stopped}});
}

TEST_CASE("post_stop commands run after every end, whatever they return", "[model][service]")
{
    auto spec = plain();
    spec.post_stop = {{"/bin/a"}, {"/bin/b"}};
    auto s = take(spec, in(Ready{t0}), MainEnded{exited(9)});
    CHECK(s.actions == std::vector<Action>{StartRun{Role::post_stop, 0}});
    s = take(spec, s.next, AuxEnded{exited(1)});
    CHECK(s.actions == std::vector<Action>{StartRun{Role::post_stop, 1}});
    s = take(spec, s.next, AuxEnded{exited(1)});
    CHECK(name_of(s.next) == "backoff");
    CHECK(s.next.last == exited(9));
}

TEST_CASE("what a service is made with is stored and read back whole", "[model][service]")
{
    auto spec = plain();
    const auto round = [](const ServiceSpec& s) { return nlohmann::json::parse(nlohmann::json(s).dump()); };
    CHECK(round(spec).get<ServiceSpec>() == spec);
    spec.process.user = "www";
    spec.process.limits = {{"nofile", {1, 2}}};
    spec.auto_start = false;
    spec.after = {"a"};
    spec.requires_ = {"b"};
    spec.binds_to = {"c"};
    spec.runtime_directory = "/run/web";
    spec.pre_start = {{"/bin/a", "b"}};
    spec.post_stop = {{"/bin/c"}};
    spec.hook_timeout = 1s;
    spec.ready = {ReadyKind::output, {}, 1ms, 2ms, 7, "up", 3ms};
    spec.ready.probe.command = {"/bin/r"};
    spec.ready.probe.program = 100003;
    spec.restart = {RestartPolicy::never, 1ms, 2ms, 3, 4ms, 5, 6ms, {7, 8}};
    spec.stop = {{"/bin/s"}, "INT", 9ms};
    CHECK(round(spec).get<ServiceSpec>() == spec);
}

TEST_CASE("a service is stored and read back whole", "[model][service]")
{
    const std::vector<State> states{Down{Why::failed},  Waiting{},
                                    PreStart{2},        Starting{true, true, t0, t0 + 1s},
                                    Ready{t0, t0 + 1s}, StopCommand{t0, false, exited(3)},
                                    Stopping{},         PostStop{1},
                                    BackOff{t0}};
    for (const auto& state : states) {
        auto s = in(state);
        s.restart = s.unready = true;
        s.failures = 3;
        s.restarts = 4;
        s.starts = {t0, t0 + 1s};
        s.last = exited(5);
        s.reason = "why";
        const nlohmann::json j = s;
        CHECK(nlohmann::json::parse(j.dump()).get<Service>() == s);
    }
    CHECK_THROWS(nlohmann::json::parse(R"({"state": "nowhere"})").get<Service>());
}
