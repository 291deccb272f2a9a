// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/processd/keeper/keeper_under_test.h"

#include <csignal>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace keeper_test;
using protocol::Phase;
using protocol::Proof;

namespace {

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// A child deaf to TERM, and its pid.
KnownChild& spawn_deaf(ManagerSide& manager, const std::string& label)
{
    auto spec = shell("trap '' TERM; echo; while :; do sleep 1000; done");
    spec.label = label;
    auto& child = manager.spawn(spec);
    manager.wait_for([&] { return child.state.ring_head > 0; }, "a child that is deaf to TERM");
    return child;
}

} // namespace

TEST_CASE("an orderly stop is asked of the manager, and leaves nothing behind", "[keeper][stop]")
{
    const auto proof = GENERATE(Proof::cgroup, Proof::sweep);
    if (proof == Proof::sweep && ::geteuid() != 0) return;
    Start start;
    start.without_cgroups = proof == Proof::sweep;
    KeeperUnderTest keeper{start};
    const auto manager = keeper.manager();
    const std::string cgroup = manager->hello()->cgroup.data();
    auto& child = manager->wait_phase(manager->spawn(command({"/bin/sleep", "1000"})), Phase::running);
    const protocol::Settings settings{30'000'000'000, 0666, 2, protocol::nobody, protocol::nobody};
    manager->send(protocol::Type::settings, {protocol::bytes_of(settings)});
    manager->run(command({"/bin/true"}));
    const bool by_signal = GENERATE(true, false);
    const auto before = base::now();
    if (by_signal)
        ::kill(keeper.pid(), SIGTERM);
    else
        manager->send(protocol::Type::ask_stop);
    manager->wait_for([&] { return manager->stop().has_value(); }, "stop");
    const auto deadline = base::time_from_ns(manager->stop()->deadline_mono_ns);
    CHECK(deadline >= before + 30s);
    CHECK(deadline <= base::now() + 30s);
    // Processes can be started in order to stop others.
    CHECK(manager->run(command({"/bin/true"})).state.wait_status == 0);
    manager->signal(child, SIGTERM, protocol::Scope::tree);
    manager->wait_ended(child);
    manager->ack(child);
    manager->stopped();
    CHECK(keeper.wait_exit() == 0);
    CHECK(!exists(keeper.runtime() + "/api.socket"));
    CHECK(!exists(keeper.runtime() + "/instance"));
    CHECK(!exists(keeper.runtime() + "/notify"));
    if (!cgroup.empty()) CHECK(!exists(cgroup));
    CHECK(!is_alive(manager->pid()));
    CHECK(keeper.log().find("are killed") == std::string::npos);
}

TEST_CASE("a stop that was not in order shows in the exit code", "[keeper][stop]")
{
    KeeperUnderTest keeper{Start{}};
    const auto manager = keeper.manager();
    ::kill(keeper.pid(), SIGTERM);
    manager->wait_for([&] { return manager->stop().has_value(); }, "stop");
    manager->stopped(false);
    CHECK(WEXITSTATUS(keeper.wait_exit()) == 1);
}

TEST_CASE("what a manager leaves running at its stop is killed and named", "[keeper][stop]")
{
    const auto proof = GENERATE(Proof::cgroup, Proof::sweep);
    if (proof == Proof::sweep && ::geteuid() != 0) return;
    Start start;
    start.without_cgroups = proof == Proof::sweep;
    KeeperUnderTest keeper{start};
    const auto manager = keeper.manager();
    auto& child = spawn_deaf(*manager, "deaf");
    // One that no mark, session or parent tells of: only that it is below the keeper.
    auto& hidden = manager->run(shell("setsid env -i /bin/sh -c '(echo $$; exec sleep 1000) &'"));
    const pid_t hidden_pid = std::atoi(hidden.ring->text(protocol::Stream::out).c_str());
    ::kill(keeper.pid(), SIGTERM);
    manager->wait_for([&] { return manager->stop().has_value(); }, "stop");
    manager->stopped();
    CHECK(keeper.wait_exit() == 0);
    CHECK(!is_alive(child.state.pid));
    CHECK(!is_alive(hidden_pid));
    CHECK(keeper.log().find("they are killed") != std::string::npos);
    CHECK(keeper.log().find(std::to_string(child.state.pid)) != std::string::npos);
}

TEST_CASE("when the stop budget is spent the keeper ends everything itself and says so", "[keeper][stop]")
{
    const auto proof = GENERATE(Proof::cgroup, Proof::sweep);
    if (proof == Proof::sweep && ::geteuid() != 0) return;
    Start start;
    start.without_cgroups = proof == Proof::sweep;
    KeeperUnderTest keeper{start};
    const auto manager = keeper.manager();
    const protocol::Settings settings{50'000'000, 0666, 2, protocol::nobody, protocol::nobody};
    manager->send(protocol::Type::settings, {protocol::bytes_of(settings)});
    auto& deaf = spawn_deaf(*manager, "deaf-one");
    const auto term_file = keeper.directory() + "/term";
    auto& listening =
        manager->spawn(shell("trap 'echo heard > " + term_file + "; exit' TERM; echo; while :; do sleep 0.1; done"));
    manager->wait_for([&] { return listening.state.ring_head > 0; }, "a child that hears TERM");
    ::kill(keeper.pid(), SIGTERM);
    const int status = keeper.wait_exit(); // without a word of the manager
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 1);
    CHECK(!is_alive(deaf.state.pid));
    CHECK(read_file(term_file) == "heard\n");
    CHECK(keeper.log().find("the stop budget is spent") != std::string::npos);
    CHECK(keeper.log().find("deaf-one") != std::string::npos);
    CHECK(!exists(keeper.runtime() + "/instance"));
}

TEST_CASE("a second SIGTERM does not wait for the manager", "[keeper][stop]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    auto& deaf = spawn_deaf(*manager, "deaf");
    ::kill(keeper.pid(), SIGTERM);
    manager->wait_for([&] { return manager->stop().has_value(); }, "stop");
    ::kill(keeper.pid(), SIGINT);
    const int status = keeper.wait_exit();
    CHECK(WEXITSTATUS(status) == 1);
    CHECK(!is_alive(deaf.state.pid));
}

TEST_CASE("a manager that dies during the stop is replaced, and the next one knows", "[keeper][stop]")
{
    KeeperUnderTest keeper;
    const auto first = keeper.manager();
    auto& child = first->wait_phase(first->spawn(command({"/bin/sleep", "1000"})), Phase::running);
    ::kill(keeper.pid(), SIGTERM);
    first->wait_for([&] { return first->stop().has_value(); }, "stop");
    ::kill(first->pid(), SIGKILL);
    const auto second = keeper.manager();
    CHECK(second->hello()->stopping == 1);
    CHECK(second->hello()->stop_deadline_ns == first->stop()->deadline_mono_ns);
    auto& known = second->children()[child.state.id];
    second->empty(known);
    second->wait_emptied(known);
    second->stopped();
    CHECK(keeper.wait_exit() == 0);
}

TEST_CASE("who does not die in the stop is named, and the next keeper refuses to start beside them", "[keeper][stop]")
{
    if (::geteuid() != 0) return;
    const std::string freezer = "/sys/fs/cgroup/freezer/keeper-test-" + std::to_string(::getpid());
    if (::mkdir(freezer.c_str(), 0755) < 0) {
        WARN("no freezer: not tested");
        return;
    }
    {
        KeeperUnderTest keeper;
        const auto manager = keeper.manager();
        auto& child = manager->wait_phase(manager->spawn(command({"/bin/sleep", "1000"})), Phase::running);
        const auto pid = std::to_string(child.state.pid);
        write_file(freezer + "/cgroup.procs", pid);
        write_file(freezer + "/freezer.state", "FROZEN");
        ::kill(keeper.pid(), SIGTERM);
        manager->wait_for([&] { return manager->stop().has_value(); }, "stop");
        manager->stopped();
        CHECK(WEXITSTATUS(keeper.wait_exit()) == 1);
        CHECK(keeper.log().find("left behind") != std::string::npos);
        keeper.start({});
        CHECK(WEXITSTATUS(keeper.wait_exit()) == 3);
        CHECK(keeper.log().find("left processes running: pids " + pid) != std::string::npos);
        write_file(freezer + "/freezer.state", "THAWED");
        REQUIRE(eventually([&] { return !is_alive(child.state.pid); }));
    }
    write_file(freezer + "/freezer.state", "THAWED");
    CHECK(eventually([&] { return ::rmdir(freezer.c_str()) == 0; }));
}

TEST_CASE("a keeper that was killed leaves names for the next, which refuses or kills as told", "[keeper][stop]")
{
    const auto proof = GENERATE(Proof::cgroup, Proof::sweep);
    if (proof == Proof::sweep && ::geteuid() != 0) return;
    Start start;
    start.without_cgroups = proof == Proof::sweep;
    KeeperUnderTest keeper{start};
    pid_t left = 0;
    pid_t manager_pid = 0;
    {
        const auto manager = keeper.manager();
        auto& child = manager->wait_phase(manager->spawn(command({"/bin/sleep", "1000"})), Phase::running);
        left = child.state.pid;
        manager_pid = manager->pid();
        keeper.kill_keeper();
        CHECK(eventually([&] { return !is_alive(manager_pid); })); // it does not outlive its keeper
    }
    CHECK(is_alive(left));
    keeper.start(start);
    CHECK(WEXITSTATUS(keeper.wait_exit()) == 3);
    CHECK(keeper.log().find("left processes running: pids " + std::to_string(left)) != std::string::npos);
    CHECK(is_alive(left));
    start.options.push_back("--kill-leftovers");
    keeper.start(start);
    const auto manager = keeper.manager();
    CHECK(!is_alive(left));
    CHECK(manager->hello()->children == 0);
    CHECK(manager->hello()->incarnation == 1);
}

TEST_CASE("a keeper that was killed with nothing left is followed without further ado", "[keeper][stop]")
{
    KeeperUnderTest keeper;
    std::string cgroup;
    {
        const auto manager = keeper.manager();
        manager->run(command({"/bin/true"}));
        cgroup = manager->hello()->cgroup.data();
        keeper.kill_keeper(); // its API socket is there still
    }
    CHECK(exists(keeper.runtime() + "/api.socket"));
    keeper.start({});
    keeper.manager();
    if (!cgroup.empty()) CHECK(!exists(cgroup));
}
