// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/init.h"
#include "tests/processd/keeper/keeper_under_test.h"

#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace keeper_test;

namespace {

base::UniqueFd bound_socket(const std::string& path, int type)
{
    base::UniqueFd fd{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(&address.sun_path[0], sizeof address.sun_path - 1);
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

// Ends at once, with the exit code and a sentence.
void check_refused(const Start& start, int code, const std::string& sentence)
{
    KeeperUnderTest keeper{start};
    const int status = keeper.wait_exit();
    INFO(keeper.log());
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == code);
    CHECK(keeper.log().find(sentence) != std::string::npos);
}

std::vector<std::string> foreground_and(std::vector<std::string> more)
{
    more.insert(more.begin(), "--foreground");
    return more;
}

} // namespace

TEST_CASE("a second keeper is refused, naming the first", "[keeper][start]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    check_refused({foreground_and({"--runtime-dir", keeper.runtime()}), {}, {}, false}, 3,
                  "lock is held by another ctdb-processd, pid " + std::to_string(keeper.pid()));
    CHECK(manager->run(command({"/bin/true"})).state.wait_status == 0);
}

TEST_CASE("command lines that mean nothing are refused", "[keeper][start]")
{
    check_refused({{"--colour"}, {}, {}, false}, 2, "unknown option --colour");
    check_refused({{"--config-dir"}, {}, {}, false}, 2, "--config-dir needs a value");
    check_refused({{"extra"}, {}, {}, false}, 2, "unexpected argument \"extra\"");
    check_refused({{"--state-dir", ""}, {}, {}, false}, 2, "--state-dir must not be empty");
    check_refused({{"--help"}, {}, {}, false}, 0, "--kill-leftovers");
    check_refused({{"--version"}, {}, {}, false}, 0, "ctdb-processd ");
}

TEST_CASE("a missing manager is named", "[keeper][start]")
{
    check_refused({{"--foreground"}, {{"CTDB_PROCESSD_MANAGER", "/nonexistent/manager"}}, {}, false}, 1,
                  "/nonexistent/manager");
}

TEST_CASE("a runtime directory that will not do is refused with what would", "[keeper][start]")
{
    KeeperUnderTest keeper;
    keeper.manager();
    const auto& directory = keeper.directory();
    check_refused({foreground_and({"--runtime-dir", "/nonexistent/below"}), {}, {}, false}, 1,
                  "make the runtime directory /nonexistent/below: No such file");
    write_file(directory + "/file", "");
    check_refused({foreground_and({"--runtime-dir", directory + "/file"}), {}, {}, false}, 1, "Not a directory");
    const auto open = directory + "/open";
    REQUIRE(::mkdir(open.c_str(), 0755) == 0);
    ::chmod(open.c_str(), 0777);
    check_refused({foreground_and({"--runtime-dir", open}), {}, {}, false}, 1, "is writable by everybody");
    if (::geteuid() == 0) {
        const auto foreign = directory + "/foreign";
        REQUIRE(::mkdir(foreign.c_str(), 0755) == 0);
        REQUIRE(::chown(foreign.c_str(), 65534, 65534) == 0);
        check_refused({foreground_and({"--runtime-dir", foreign}), {}, {}, false}, 1, "belongs to uid 65534");
    }
    check_refused({foreground_and({"--runtime-dir", directory + "/" + std::string(120, 'x')}), {}, {}, false}, 1,
                  "the path of a Unix socket may have at most 107");
}

TEST_CASE("an API socket that somebody listens on is not taken over, a stale one is", "[keeper][start]")
{
    KeeperUnderTest keeper;
    keeper.manager();
    const auto other = keeper.directory() + "/other";
    REQUIRE(::mkdir(other.c_str(), 0755) == 0);
    {
        const auto listener = bound_socket(other + "/api.socket", SOCK_STREAM);
        REQUIRE(::listen(listener.get(), 1) == 0);
        check_refused({foreground_and({"--runtime-dir", other}), {}, {}, false}, 1,
                      "api.socket is in use by the process with pid " + std::to_string(::getpid()));
    }
    KeeperUnderTest second{{foreground_and({"--runtime-dir", other}), {}, {}, false}}; // the socket file is there still
    second.manager();
    second.kill_keeper();
    ::unlink((other + "/api.socket").c_str());
    write_file(other + "/api.socket", "precious");
    check_refused({foreground_and({"--runtime-dir", other}), {}, {}, false}, 1, "exists and is not a socket");
}

TEST_CASE("a bad configuration ends the keeper, as restarting would not help", "[keeper][start]")
{
    check_refused({{"--foreground"}, {{"STAND_IN_EXIT", "2"}}, {}, false}, 1, "");
    check_refused({{}, {{"STAND_IN_EXIT", "2"}}, {}, false}, 1, ""); // as a daemon, its parent says so
}

TEST_CASE("a manager that never becomes ready is given up after some tries", "[keeper][start]")
{
    check_refused({{"--foreground"}, {{"STAND_IN_EXIT", "7"}}, {}, false}, 1, "no manager became ready");
}

TEST_CASE("--check is the manager's business", "[keeper][start]")
{
    check_refused({{"--check"}, {{"STAND_IN_EXIT", "7"}}, {}, false}, 7, "");
    KeeperUnderTest keeper;
    keeper.manager();
    write_file(keeper.directory() + "/manager", "#!/bin/sh\necho \"asked: $*\"\n", 0755);
    check_refused({{"--check", "--config-dir", "/some/where"},
                   {{"CTDB_PROCESSD_MANAGER", keeper.directory() + "/manager"}},
                   {},
                   false},
                  0, "asked: --check --config-dir /some/where");
}

TEST_CASE("as a daemon its parent waits until the manager is ready", "[keeper][start]")
{
    KeeperUnderTest keeper{{{}, {}, {}, false}};
    const auto manager = keeper.manager();
    CHECK(manager->hello()->keeper_pid != keeper.pid());
    int status = 0;
    CHECK(::waitpid(keeper.pid(), &status, WNOHANG) == 0); // still waiting
    manager->send(protocol::Type::ready);
    CHECK(keeper.wait_exit() == 0);
    const pid_t daemon = manager->hello()->keeper_pid;
    CHECK(is_alive(daemon));
    CHECK(manager->run(command({"/bin/true"})).state.wait_status == 0);
    CHECK(read_file(keeper.runtime() + "/lock") == std::to_string(daemon) + "\n");
    ::kill(daemon, SIGTERM);
    manager->wait_for([&] { return manager->stop().has_value(); }, "stop");
    manager->stopped();
    CHECK(eventually([&] { return !is_alive(daemon); }));
}

TEST_CASE("systemd is told of ready and stopping, and children are not given its socket", "[keeper][start]")
{
    std::string directory = "/tmp/keeper-notify-XXXXXX";
    REQUIRE(::mkdtemp(directory.data()) != nullptr);
    const auto path = directory + "/notify";
    const auto socket = bound_socket(path, SOCK_DGRAM);
    const auto next = [&] {
        std::array<char, 512> text{};
        pollfd wait{socket.get(), POLLIN, 0};
        REQUIRE(::poll(&wait, 1, 20'000) == 1);
        const auto n = ::recv(socket.get(), text.data(), text.size(), 0);
        return std::string(text.data(), static_cast<std::size_t>(std::max<ssize_t>(0, n)));
    };
    {
        KeeperUnderTest keeper{{{"--foreground"}, {{"NOTIFY_SOCKET", path}}, {}, false}};
        const auto manager = keeper.manager();
        CHECK(read_file("/proc/" + std::to_string(manager->pid()) + "/environ").find("NOTIFY_SOCKET") ==
              std::string::npos);
        manager->send(protocol::Type::ready);
        CHECK(next().find("READY=1") == 0);
        ::kill(keeper.pid(), SIGTERM);
        CHECK(next() == "STOPPING=1");
        manager->stopped();
        CHECK(keeper.wait_exit() == 0);
    }
    ::unlink(path.c_str());
    ::rmdir(directory.c_str());
}

TEST_CASE("the keeper is never process 1", "[keeper][start]")
{
    if (::geteuid() != 0) return;
    const auto option = GENERATE("--foreground", "--init"); // the stub is there also where nobody asks for it
    KeeperUnderTest keeper{
        {{option}, {}, {"/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc"}, false}};
    const auto manager = keeper.manager();
    CHECK(manager->hello()->keeper_pid > 1);
    auto& child = manager->run(shell("echo $PPID $(cat /proc/1/comm)"));
    CHECK(child.ring->text(protocol::Stream::out) == std::to_string(manager->hello()->keeper_pid) + " processd-init\n");
}

TEST_CASE("a stub passes on what means something to the keeper", "[keeper][start]")
{
    using processd::keeper::signal_for_keeper;
    for (const int same : {SIGTERM, SIGINT, SIGHUP}) CHECK(signal_for_keeper(same) == same);
    for (const int stop : {SIGQUIT, SIGPWR, SIGRTMIN + 3}) CHECK(signal_for_keeper(stop) == SIGTERM);
    for (const int other : {SIGCHLD, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGTTIN, SIGPIPE, SIGALRM, SIGRTMIN + 4})
        CHECK_FALSE(signal_for_keeper(other));
}

TEST_CASE("an unprivileged keeper runs children as itself", "[keeper][start]")
{
    if (::geteuid() != 0) return;
    std::string directory = "/tmp/keeper-user-XXXXXX";
    REQUIRE(::mkdtemp(directory.data()) != nullptr);
    REQUIRE(::chown(directory.c_str(), 65534, 65534) == 0);
    {
        KeeperUnderTest keeper{{foreground_and({"--runtime-dir", directory + "/run"}),
                                {},
                                {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"},
                                false}};
        const auto manager = keeper.manager();
        auto spec = shell("id -u; umask");
        spec.uid = spec.gid = 65534;
        auto& child = manager->run(spec);
        CHECK(child.state.wait_status == 0);
        CHECK(child.ring->text(protocol::Stream::out) == "65534\n0022\n");
        CHECK(manager->hello()->proof == protocol::Proof::sweep);
        spec.uid = 0;
        auto& forbidden = manager->run(spec);
        CHECK(forbidden.state.stage == protocol::Stage::uid);
        CHECK(forbidden.state.stage_errno == EPERM);
        spec.uid = 65534;
        spec.nice = -5;
        CHECK(manager->run(spec).state.stage == protocol::Stage::scheduler);
        auto& stubborn = manager->run([] {
            auto s = shell("setsid sh -c 'trap \"\" TERM; echo; sleep 1000' &");
            s.uid = s.gid = 65534;
            return s;
        }());
        manager->empty(stubborn);
        manager->wait_emptied(stubborn);
    }
    CHECK(std::system(("rm -rf " + directory).c_str()) == 0);
}
