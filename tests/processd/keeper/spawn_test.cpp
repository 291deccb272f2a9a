// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/processd/keeper/keeper_under_test.h"

#include <csignal>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace keeper_test;
using protocol::Phase;
using protocol::Stage;
using protocol::Stream;

TEST_CASE("a command's exit code, output and times come back", "[keeper][spawn]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    auto& child = manager->run(shell("echo out; echo err >&2; exit 7"));
    CHECK(child.state.phase == Phase::exited);
    CHECK(WIFEXITED(child.state.wait_status));
    CHECK(WEXITSTATUS(child.state.wait_status) == 7);
    CHECK(child.ring->text(Stream::out) == "out\n");
    CHECK(child.ring->text(Stream::err) == "err\n");
    CHECK((child.state.flags & protocol::flag_eof) != 0);
    CHECK(child.state.exited_mono_ns >= child.state.started_mono_ns);
    CHECK(child.state.max_rss_kb > 0);
}

TEST_CASE("all 256 exit codes and all signals that end a process come back unchanged", "[keeper][spawn]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    std::map<std::uint64_t, int> wanted;
    for (int code = 0; code < 256; ++code)
        wanted[manager->send_spawn(shell("exit " + std::to_string(code)))] = code << 8;
    for (int number = 1; number <= SIGRTMAX; ++number) {
        if (number == SIGCHLD || number == SIGCONT || number == SIGURG || number == SIGWINCH || number == SIGSTOP ||
            number == SIGTSTP || number == SIGTTIN || number == SIGTTOU || (number > 31 && number < SIGRTMIN))
            continue;
        wanted[manager->send_spawn(shell("ulimit -c 0; kill -" + std::to_string(number) + " $$"))] = number;
    }
    for (const auto& [request, status] : wanted) {
        auto& child = manager->wait_ended(manager->children()[manager->child_of(request)]);
        CHECK((child.state.wait_status & ~0x80) == status);
        CHECK(child.state.phase == Phase::exited);
        manager->ack(child);
    }
}

namespace {

// What the keeper says of a spawn that must fail.
void check_fails(ManagerSide& manager, const protocol::SpawnSpec& spec, Stage stage, int error)
{
    auto& child = manager.run(spec);
    INFO("stage " << static_cast<int>(child.state.stage) << " errno " << child.state.stage_errno);
    CHECK(child.state.phase == Phase::failed);
    CHECK(child.state.stage == stage);
    CHECK(child.state.stage_errno == error);
    CHECK((child.state.flags & protocol::flag_stuck) == 0);
    manager.ack(child);
}

std::string output_of(ManagerSide& manager, const protocol::SpawnSpec& spec)
{
    auto& child = manager.run(spec);
    INFO("phase " << static_cast<int>(child.state.phase) << " stage " << static_cast<int>(child.state.stage)
                  << " errno " << child.state.stage_errno);
    REQUIRE(child.state.phase == Phase::exited);
    INFO("stderr: " << child.ring->text(Stream::err));
    CHECK(child.state.wait_status == 0);
    return child.ring->text(Stream::out);
}

bool is_root() { return ::geteuid() == 0; }

} // namespace

TEST_CASE("a spawn that fails says at which stage and why", "[keeper][spawn]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    const auto in_test_dir = [&](const char* name) { return keeper.directory() + "/" + name; };

    SECTION("exec")
    {
        check_fails(*manager, command({"/nonexistent/program"}), Stage::exec, ENOENT);
        check_fails(*manager, command({"no-such-program-in-path"}), Stage::exec, ENOENT);
        write_file(in_test_dir("not-executable"), "#!/bin/sh\n", 0644);
        check_fails(*manager, command({in_test_dir("not-executable")}), Stage::exec, EACCES);
        write_file(in_test_dir("no-format"), "what is this", 0755);
        check_fails(*manager, command({in_test_dir("no-format")}), Stage::exec, ENOEXEC);
        check_fails(*manager, command({keeper.directory()}), Stage::exec, EACCES);
        auto long_argument = command({"/bin/true", std::string(256 * 1024, 'x')});
        check_fails(*manager, long_argument, Stage::exec, E2BIG);
    }
    SECTION("chdir")
    {
        auto spec = command({"/bin/true"});
        spec.cwd = "/nonexistent";
        check_fails(*manager, spec, Stage::chdir, ENOENT);
    }
    SECTION("limits")
    {
        auto spec = command({"/bin/true"});
        spec.limits = {{RLIMIT_CORE, 2, 1}};
        check_fails(*manager, spec, Stage::limits, EINVAL);
        spec.limits = {{12345, 1, 1}};
        check_fails(*manager, spec, Stage::limits, EINVAL);
    }
    SECTION("scheduler")
    {
        auto spec = command({"/bin/true"});
        spec.scheduler = SCHED_FIFO;
        spec.priority = 1000;
        check_fails(*manager, spec, Stage::scheduler, EINVAL);
        spec = command({"/bin/true"});
        spec.cpus = {8000};
        check_fails(*manager, spec, Stage::scheduler, EINVAL);
    }
    SECTION("request")
    {
        const auto garbage = sealed_memfd("this is not a specification");
        const protocol::Spawn message{100, 0, 0};
        const int fd = garbage.get();
        manager->send(protocol::Type::spawn, {protocol::bytes_of(message)}, {&fd, 1});
        auto& child = manager->wait_ended(manager->children()[manager->child_of(100)]);
        CHECK(child.state.phase == Phase::failed);
        CHECK(child.state.stage == Stage::request);
        CHECK(child.state.stage_errno == EINVAL);
        const protocol::Spawn without{101, 0, 0};
        manager->send(protocol::Type::spawn, {protocol::bytes_of(without)});
        CHECK(manager->wait_ended(manager->children()[manager->child_of(101)]).state.stage == Stage::request);
        // A memfd that could still change under the keeper's eyes.
        const base::UniqueFd unsealed{::memfd_create("test", MFD_CLOEXEC)};
        const protocol::Spawn third{102, 0, 0};
        const int other = unsealed.get();
        manager->send(protocol::Type::spawn, {protocol::bytes_of(third)}, {&other, 1});
        CHECK(manager->wait_ended(manager->children()[manager->child_of(102)]).state.stage_errno == EINVAL);
        auto spec = command({"/bin/cat"});
        spec.stdin_kind = protocol::Stdin::data;
        check_fails(*manager, spec, Stage::request, EMFILE); // the input did not come along
    }
    CHECK(output_of(*manager, shell("echo still here")) == "still here\n");
}

TEST_CASE("chdir and exec happen as the target user", "[keeper][spawn]")
{
    if (!is_root()) return;
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    const auto closed = keeper.directory() + "/closed";
    REQUIRE(::mkdir(closed.c_str(), 0700) == 0);
    write_file(closed + "/program", "#!/bin/sh\necho only root\n", 0755);
    auto spec = command({closed + "/program"});
    CHECK(output_of(*manager, spec) == "only root\n");
    spec.uid = spec.gid = 65534;
    check_fails(*manager, spec, Stage::exec, EACCES);
    spec.cwd = closed;
    check_fails(*manager, spec, Stage::chdir, EACCES);
    // A program further on in PATH is found where the first directory is closed to the user.
    const auto open = keeper.directory() + "/open";
    REQUIRE(::mkdir(open.c_str(), 0755) == 0);
    write_file(open + "/program", "#!/bin/sh\nid -u; id -g; id -G\n", 0755);
    spec = command({"program"});
    spec.env = {"PATH=" + closed + ":" + open + ":/usr/bin:/bin"};
    spec.uid = spec.gid = 65534;
    spec.groups = {1, 2};
    CHECK(output_of(*manager, spec) == "65534\n65534\n65534 1 2\n");
}

TEST_CASE("a child starts clean", "[keeper][spawn]")
{
    // The keeper itself is started with things that its children must not have.
    Start start;
    start.wrapper = {"/bin/sh", "-c", "trap '' HUP USR1; umask 077; exec 7</dev/null 8>&2; exec nice -n 3 \"$@\"",
                     "sh"};
    KeeperUnderTest keeper{start};
    const auto manager = keeper.manager();

    CHECK(output_of(*manager, command({"/bin/ls", "/proc/self/fd"})) == "0\n1\n2\n3\n"); // 3 is ls's own
    CHECK(output_of(*manager, shell("readlink /proc/self/fd/0")) == "/dev/null\n");
    // cat handles no signal itself, unlike grep
    const auto status = output_of(*manager, command({"/bin/cat", "/proc/self/status"}));
    for (const char* set : {"SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt"})
        CHECK(status.find(std::string("\n") + set + ":\t0000000000000000\n") != std::string::npos);
    if (is_root()) CHECK(output_of(*manager, shell("umask; nice; cat /proc/self/oom_score_adj")) == "0022\n0\n0\n");
    auto& session = manager->run(shell("cut -d' ' -f1,5,6 /proc/$$/stat"));
    const auto pid = std::to_string(session.state.pid);
    CHECK(session.ring->text(Stream::out) == pid + " " + pid + " " + pid + "\n");

    auto spec = command({"/usr/bin/env"});
    spec.env = {"ONE=1", "CTDB_PROCESSD_CHILD=of a keeper above"};
    auto& child = manager->run(spec);
    CHECK(child.ring->text(Stream::out) == "ONE=1\nCTDB_PROCESSD_CHILD=" + std::to_string(manager->hello()->epoch) +
                                               "." + std::to_string(child.state.id) + "\n");
    // The keeper raises its own limit of open files, not theirs.
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    CHECK(output_of(*manager, shell("ulimit -Sn")) ==
          (files.rlim_cur == RLIM_INFINITY ? "unlimited\n" : std::to_string(files.rlim_cur) + "\n"));
}

TEST_CASE("a child gets the attributes that were asked for", "[keeper][spawn]")
{
    if (!is_root()) return;
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    auto spec = shell("pwd; umask; ulimit -Sn; ulimit -Hn; nice; cat /proc/self/oom_score_adj; ionice; "
                      "taskset -p $$ | sed 's/.*: //'; chrt -p $$ | sed 's/.*: //'");
    spec.cwd = "/usr";
    spec.umask = 027;
    spec.nice = -5;
    spec.oom_score_adj = 250;
    spec.io_class = 2;
    spec.io_level = 7;
    spec.cpus = {0};
    spec.limits = {{RLIMIT_NOFILE, 100, 200}};
    CHECK(output_of(*manager, spec) == "/usr\n0027\n100\n200\n-5\n250\nbest-effort: prio 7\n1\nSCHED_OTHER\n0\n");
    spec = shell("chrt -p $$ | sed 's/.*: //'");
    spec.scheduler = SCHED_FIFO;
    spec.priority = 11;
    auto& fifo = manager->run(spec);
    if (fifo.state.phase == Phase::exited) // real-time may be forbidden in a cgroup
        CHECK(fifo.ring->text(Stream::out) == "SCHED_FIFO\n11\n");
    else
        CHECK(fifo.state.stage == Stage::scheduler);
    spec.scheduler = SCHED_IDLE;
    spec.priority = 0;
    CHECK(output_of(*manager, spec) == "SCHED_IDLE\n0\n");
}

TEST_CASE("standard input may be data, read from its beginning by each child", "[keeper][spawn]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    const std::string input(1024 * 1024, 'i');
    auto spec = command({"/usr/bin/wc", "-c"});
    spec.stdin_kind = protocol::Stdin::data;
    for (int i = 0; i < 2; ++i)
        CHECK(manager->run(spec, input).ring->text(Stream::out) == std::to_string(input.size()) + "\n");
    spec.argv = {"/bin/sh", "-c", "echo x >&0"};
    CHECK(manager->run(spec, input).state.wait_status != 0); // and is not for writing
}

TEST_CASE("a repeated spawn request is answered with the child it has made", "[keeper][spawn]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    const auto spec = command({"/bin/sleep", "1000"});
    const auto request = manager->send_spawn(spec, "cookie", std::nullopt, 77);
    auto& child = manager->wait_phase(manager->children()[manager->child_of(request)], Phase::running);
    const int states = child.states;
    manager->send_spawn(spec, "cookie", std::nullopt, 77);
    manager->wait_for([&] { return child.states > states; }, "an answer to the repeated request");
    CHECK(manager->children().size() == 1);
    // Requests that make no sense are not answered, and hurt nobody.
    KnownChild nobody;
    nobody.state.id = 4711;
    manager->signal(nobody, SIGKILL, protocol::Scope::tree);
    manager->empty(nobody);
    manager->ack(nobody);
    manager->ack(child); // it has not ended
    manager->signal(child, 1000, protocol::Scope::leader);
    manager->signal(child, SIGTERM, protocol::Scope::leader);
    CHECK(manager->wait_ended(child).state.wait_status == SIGTERM);
}

TEST_CASE("readiness by descriptor is a newline on the number asked for", "[keeper][spawn]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    for (const std::uint32_t number : {3U, 4U, 9U, 100U, 1023U}) {
        INFO("descriptor " << number);
        // bash, because dash knows descriptors to 9 only
        auto spec = command({"/bin/bash", "-c",
                             "ls -v /proc/self/fd | tr '\\n' ' '; echo -n almost >&" + std::to_string(number) +
                                 "; echo >&" + std::to_string(number) + "; exec sleep 1000"});
        spec.ready_by = protocol::ReadyBy::fd;
        spec.ready_fd = number;
        auto& child = manager->spawn(spec);
        manager->wait_for([&] { return (child.state.flags & protocol::flag_ready) != 0; }, "readiness");
        CHECK(child.state.ready_mono_ns >= child.state.started_mono_ns);
        manager->empty(child);
        manager->wait_emptied(child);
        const auto list = child.ring->text(Stream::out);
        CHECK((list == "0 1 2 3 " + std::to_string(number) + " " || list == "0 1 2 3 4 ")); // 3 or 4 is ls's own
    }
}

TEST_CASE("a command that ends before it is ready is not ready", "[keeper][spawn]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    auto spec = shell("printf unready >&3");
    spec.ready_by = protocol::ReadyBy::fd;
    spec.ready_fd = 3;
    auto& child = manager->run(spec);
    CHECK((child.state.flags & protocol::flag_ready) == 0);
    spec = shell("echo >&3");
    spec.ready_by = protocol::ReadyBy::fd;
    spec.ready_fd = 3;
    CHECK((manager->run(spec).state.flags & protocol::flag_ready) != 0); // said just before its end
}
