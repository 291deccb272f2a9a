// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/processd/keeper/keeper_under_test.h"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace keeper_test;
using protocol::Emptying;
using protocol::Phase;
using protocol::Proof;
using protocol::Scope;
using protocol::Stream;

namespace {

// Each test of emptying runs with both proofs; without root only as the host offers.
Start with(Proof proof)
{
    Start start;
    start.without_cgroups = proof == Proof::sweep;
    return start;
}
bool possible(Proof proof) { return proof == Proof::cgroup || ::geteuid() == 0; }

std::vector<pid_t> pids_in(const std::string& text)
{
    std::vector<pid_t> pids;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        pids.push_back(std::atoi(text.substr(at, end - at).c_str()));
        at = end + 1;
    }
    return pids;
}

// Descendants that make it hard: in the leader's session; in sessions of their own with parents gone; all deaf to TERM.
const char* const stubborn = R"sh(trap '' TERM HUP INT
deaf='trap "" TERM HUP INT; echo $$; while :; do sleep 1000; done'
sh -c "$deaf" &
setsid sh -c "$deaf" &
(setsid sh -c "$deaf" &) &
(setsid sh -c "(setsid sh -c '$deaf' &)" &) &
)sh";

} // namespace

TEST_CASE("an emptied tree leaves nobody: not those who left the session, not those deaf to TERM", "[keeper][emptying]")
{
    const auto proof = GENERATE(Proof::cgroup, Proof::sweep);
    if (!possible(proof)) return;
    KeeperUnderTest keeper{with(proof)};
    const auto manager = keeper.manager();
    CHECK(manager->hello()->proof == proof);
    const bool leader_ends = GENERATE(true, false);
    INFO((proof == Proof::cgroup ? "cgroup" : "sweep")
         << (leader_ends ? ", the leader ends first" : ", the leader stays"));
    auto bystander = manager->spawn(shell("setsid sh -c 'echo $$; exec sleep 1000' & wait")).state.id;
    auto& child =
        manager->spawn(shell(std::string(stubborn) + (leader_ends ? "" : "echo $$; while :; do sleep 1000; done")));
    const std::size_t expected = leader_ends ? 4 : 5;
    REQUIRE(eventually([&] {
        manager->pump();
        return child.ring && pids_in(child.ring->text(Stream::out)).size() == expected;
    }));
    if (leader_ends) manager->wait_ended(child);
    const auto pids = pids_in(child.ring->text(Stream::out));
    for (const auto pid : pids) CHECK(is_alive(pid));
    if (leader_ends && proof == Proof::cgroup) CHECK((child.state.flags & protocol::flag_populated) != 0);

    manager->signal(child, SIGTERM, Scope::tree); // heard by nobody but their sleeps
    manager->empty(child);
    manager->wait_emptied(child);
    for (const auto pid : pids) CHECK(!is_alive(pid));
    CHECK(child.state.proof == proof);
    CHECK(child.state.phase == Phase::exited);
    CHECK((child.state.flags & protocol::flag_populated) == 0);
    CHECK((child.state.flags & protocol::flag_eof) != 0);

    auto& other = manager->children()[bystander];
    REQUIRE(eventually([&] {
        manager->pump();
        return other.ring && pids_in(other.ring->text(Stream::out)).size() == 1;
    }));
    CHECK(other.state.phase == Phase::running);
    CHECK(is_alive(pids_in(other.ring->text(Stream::out)).front()));
}

TEST_CASE("emptying after an ordinary end is done at once", "[keeper][emptying]")
{
    const auto proof = GENERATE(Proof::cgroup, Proof::sweep);
    if (!possible(proof)) return;
    KeeperUnderTest keeper{with(proof)};
    const auto manager = keeper.manager();
    for (int i = 0; i < 20; ++i) {
        auto& child = manager->run(command({"/bin/true"}));
        manager->empty(child);
        manager->wait_emptied(child);
        CHECK((child.state.flags & protocol::flag_populated) == 0);
        manager->ack(child);
    }
    auto& failed = manager->run(command({"/nonexistent"}));
    manager->empty(failed);
    manager->wait_emptied(failed);
    auto refused = command({"/bin/true"});
    refused.umask = 0xffffffff;
    auto& never_was = manager->run(refused);
    CHECK(never_was.state.pid == 0);
    manager->empty(never_was);
    manager->wait_emptied(never_was);
}

TEST_CASE("a tree that forks faster than it is looked at is emptied all the same", "[keeper][emptying]")
{
    const auto proof = GENERATE(Proof::cgroup, Proof::sweep);
    if (!possible(proof)) return;
    KeeperUnderTest keeper{with(proof)};
    const auto manager = keeper.manager();
    // Each one starts its successor in a new session and ends.
    write_file(keeper.directory() + "/hop",
               "#!/bin/sh\ntrap '' TERM\necho hop\n[ -e " + keeper.directory() + "/halt ] && exit\nsetsid \"$0\" &\n",
               0755);
    auto& child = manager->spawn(command({keeper.directory() + "/hop"}));
    REQUIRE(eventually([&] {
        manager->pump();
        return child.ring && child.ring->text(Stream::out).size() > 40;
    }));
    manager->empty(child);
    if (proof == Proof::cgroup) {
        manager->wait_emptied(child);
    } else { // best effort: it may take until it is found, but never claims what is not so
        manager->wait_for([&] { return child.state.emptying != Emptying::running; }, "an answer");
        if (child.state.emptying == Emptying::survivors) write_file(keeper.directory() + "/halt", "");
        manager->wait_emptied(child);
    }
    if (child.state.stranger_count > 0) { // said so: it looked at one in the middle of exec, which bears no mark then
        CHECK(proof == Proof::sweep);
        write_file(keeper.directory() + "/halt", "");
        return;
    }
    const auto hops = child.ring->reader().written(Stream::out);
    CHECK((child.state.flags & protocol::flag_eof) != 0);
    manager->run(shell("sleep 0.1"));
    CHECK(child.ring->reader().written(Stream::out) == hops);
}

TEST_CASE("who cannot be killed is named, watched, and reported gone in the end", "[keeper][emptying]")
{
    const auto proof = GENERATE(Proof::cgroup, Proof::sweep);
    if (::geteuid() != 0) return;
    // A frozen cgroup (v1) is what makes a process deaf to SIGKILL without a hung file system.
    const std::string freezer = "/sys/fs/cgroup/freezer/keeper-test-" + std::to_string(::getpid());
    if (::mkdir(freezer.c_str(), 0755) < 0) {
        WARN("no freezer: not tested");
        return;
    }
    {
        KeeperUnderTest keeper{with(proof)};
        const auto manager = keeper.manager();
        const bool leader = GENERATE(true, false);
        auto& child = manager->spawn(leader ? shell("echo $$; exec sleep 1000")
                                            : shell("setsid sh -c 'echo $$; exec sleep 1000' & sleep 1000"));
        REQUIRE(eventually([&] {
            manager->pump();
            return child.ring && pids_in(child.ring->text(Stream::out)).size() == 1;
        }));
        const auto pid = pids_in(child.ring->text(Stream::out)).front();
        write_file(freezer + "/cgroup.procs", std::to_string(pid));
        write_file(freezer + "/freezer.state", "FROZEN");
        REQUIRE(eventually([&] { return read_file(freezer + "/freezer.state") == "FROZEN\n"; }));
        manager->empty(child);
        manager->wait_emptied(child, Emptying::survivors);
        CHECK(child.state.survivor_count == 1);
        CHECK(child.state.survivors[0] == pid);
        CHECK(child.state.phase == (leader ? Phase::running : Phase::exited));
        // Others are served meanwhile, and the next manager is told of the survivor.
        manager->run(command({"/bin/true"}));
        ::kill(manager->pid(), SIGKILL);
        const auto second = keeper.manager();
        auto& known = second->children()[child.state.id];
        CHECK(known.state.emptying == Emptying::survivors);
        CHECK(known.state.survivors[0] == pid);
        write_file(freezer + "/freezer.state", "THAWED");
        second->wait_emptied(known);
        CHECK(known.state.survivor_count == 0);
        CHECK(known.state.phase == Phase::exited);
        CHECK(!is_alive(pid));
    }
    write_file(freezer + "/freezer.state", "THAWED");
    CHECK(eventually([&] { return ::rmdir(freezer.c_str()) == 0; }));
}

TEST_CASE("orphans are reaped at once, whoever they belonged to", "[keeper][emptying]")
{
    KeeperUnderTest keeper;
    auto manager = keeper.manager();
    auto& child = manager->run(shell("for i in 1 2 3 4 5; do (setsid sh -c 'exit 1' &) ; done"));
    CHECK(child.state.wait_status == 0);
    manager->empty(child);
    manager->wait_emptied(child);
    manager->send(protocol::Type::ask_figures);
    manager->wait_for([&] { return manager->figures().has_value(); }, "the keeper's figures");
    CHECK(manager->figures()->orphans_reaped >= 5);
    ::kill(manager->pid(), SIGKILL);
    manager = keeper.manager();
    CHECK(manager->hello()->orphans_reaped >= 5);
    const auto pid = std::to_string(keeper.pid());
    CHECK(eventually([&] { // nobody but the manager below the keeper, not even a zombie
        return pids_in(read_file("/proc/" + pid + "/task/" + pid + "/children")).size() == 1;
    }));
}

TEST_CASE("signals reach the leader, its group, or the whole tree", "[keeper][emptying]")
{
    const auto proof = GENERATE(Proof::cgroup, Proof::sweep);
    if (!possible(proof)) return;
    KeeperUnderTest keeper{with(proof)};
    const auto manager = keeper.manager();
    REQUIRE(::mkfifo((keeper.directory() + "/fifo").c_str(), 0600) == 0);
    // Leader, one in its group, one in a session of its own: each says who it is when it hears USR1.
    auto& child = manager->spawn(shell(
        R"(hear='trap "echo \$0 heard" USR1; echo $0 listens; while :; do read -t 1000 x <> )" + keeper.directory() +
        R"(/fifo; done'
        bash -c "$hear" group & setsid bash -c "$hear" session & exec bash -c "$hear" leader)"));
    const auto count = [&](const std::string& word) {
        manager->pump();
        const auto text = child.ring ? child.ring->text(Stream::out) : "";
        int found = 0;
        for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
        return found;
    };
    REQUIRE(eventually([&] { return count("listens") == 3; }));
    manager->signal(child, SIGUSR1, Scope::leader);
    REQUIRE(eventually([&] { return count("heard") == 1; }));
    CHECK(count("leader heard") == 1);
    manager->signal(child, SIGUSR1, Scope::group);
    REQUIRE(eventually([&] { return count("heard") == 3; }));
    CHECK(count("group heard") == 1);
    manager->signal(child, SIGUSR1, Scope::tree);
    REQUIRE(eventually([&] { return count("heard") == 6; }));
    CHECK(count("session heard") == 1);
}

TEST_CASE("no signal reaches a process that got a dead leader's pid", "[keeper][emptying]")
{
    const auto proof = GENERATE(Proof::cgroup, Proof::sweep);
    if (::geteuid() != 0) return;
    KeeperUnderTest keeper{with(proof)};
    const auto manager = keeper.manager();
    auto& child = manager->run(command({"/bin/true"}));
    const auto pid = child.state.pid;
    pid_t stranger = 0;
    for (int i = 0; i < 1000 && stranger != pid; ++i) { // others fork too, so it may take some tries
        write_file("/proc/sys/kernel/ns_last_pid", std::to_string(pid - 1));
        stranger = ::fork();
        if (stranger == 0) {
            ::setsid(); // a group and a session of that number, too
            while (true) ::pause();
        }
        if (stranger != pid) {
            ::kill(stranger, SIGKILL);
            ::waitpid(stranger, nullptr, 0);
        }
    }
    if (stranger != pid) {
        WARN("the pid could not be had again: not tested");
        return;
    }
    for (const auto scope : {Scope::leader, Scope::group, Scope::tree}) manager->signal(child, SIGKILL, scope);
    manager->empty(child);
    manager->wait_emptied(child);
    manager->run(command({"/bin/true"}));
    CHECK(is_alive(stranger));
    ::kill(stranger, SIGKILL);
    ::waitpid(stranger, nullptr, 0);
}

TEST_CASE("a cgroup is used again by later children, and leftovers keep theirs", "[keeper][emptying]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    if (manager->hello()->proof != Proof::cgroup) return;
    const std::string path = manager->hello()->cgroup.data();
    const auto own = [&](KnownChild& child) {
        const auto text = child.ring->text(Stream::out);
        return text.substr(text.find("0::"));
    };
    std::set<std::string> used;
    for (int i = 0; i < 10; ++i) {
        auto& child = manager->run(command({"/bin/cat", "/proc/self/cgroup"}));
        used.insert(own(child));
        manager->ack(child);
    }
    CHECK(used.size() <= 2); // an acknowledgement and the next spawn may come in one turn
    CHECK(used.begin()->find("/ctdb-processd." + std::to_string(keeper.pid()) + "/c") != std::string::npos);
    auto& parent = manager->run(shell("cat /proc/self/cgroup; sleep 1000 > /dev/null 2>&1 &"));
    CHECK(used.count(own(parent)) == 1);
    CHECK((parent.state.flags & protocol::flag_populated) != 0);
    manager->ack(parent); // with somebody left: an event script's daemon
    for (int i = 0; i < 3; ++i) {
        auto& child = manager->run(command({"/bin/cat", "/proc/self/cgroup"}));
        CHECK(own(child) != own(parent));
        manager->ack(child);
    }
}

TEST_CASE("a cgroup that somebody has removed is replaced", "[keeper][emptying]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    if (manager->hello()->proof != Proof::cgroup) return;
    const std::string path = manager->hello()->cgroup.data();
    manager->ack(manager->run(command({"/bin/true"})));
    manager->run(command({"/bin/true"}));
    auto& child = manager->run(command({"/bin/true"}));
    manager->ack(child);
    manager->run(command({"/bin/true"}));
    for (int i = 1; i < 5; ++i) ::rmdir((path + "/c" + std::to_string(i)).c_str());
    auto& after = manager->run(shell("echo fine"));
    CHECK(after.state.phase == Phase::exited);
    CHECK(after.ring->text(Stream::out) == "fine\n");
}
