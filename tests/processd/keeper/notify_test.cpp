// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/sockets.h"
#include "tests/processd/keeper/keeper_under_test.h"

#include <csignal>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace keeper_test;
using protocol::Phase;
using protocol::Proof;

namespace {

// Says one thing to a notify socket, as uid if that is not ours.
bool say(const std::string& path, const std::string& text, uid_t uid = ::geteuid())
{
    const pid_t speaker = ::fork();
    if (speaker == 0) {
        if (uid != ::geteuid() && ::setuid(uid) < 0) ::_exit(1);
        const int fd = ::socket(AF_UNIX, SOCK_DGRAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(&address.sun_path[0], sizeof address.sun_path - 1);
        const auto sent =
            ::sendto(fd, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        ::_exit(sent < 0 ? 1 : 0);
    }
    int status = 0;
    ::waitpid(speaker, &status, 0);
    return status == 0;
}

protocol::SpawnSpec notifying(const std::string& script)
{
    auto spec = shell(script);
    spec.ready_by = protocol::ReadyBy::notify;
    return spec;
}

// In perl, which is everywhere on Debian and can speak to a datagram socket.
const std::string notify_function = R"(notify() { perl -MSocket -e 'socket(my $s, AF_UNIX, SOCK_DGRAM, 0);
send($s, $ARGV[0], 0, sockaddr_un($ENV{NOTIFY_SOCKET})) or die $!;' "$1"; }
)";

} // namespace

TEST_CASE("READY, STATUS, WATCHDOG and STOPPING of a service arrive, also while no manager reads", "[keeper][notify]")
{
    KeeperUnderTest keeper;
    auto first = keeper.manager();
    // One for each word: who opens the first again may do so before its writer has closed it, and reads its end.
    const auto first_word = keeper.directory() + "/first";
    const auto second_word = keeper.directory() + "/second";
    REQUIRE(::mkfifo(first_word.c_str(), 0600) == 0);
    REQUIRE(::mkfifo(second_word.c_str(), 0600) == 0);
    auto& child = first->spawn(notifying(notify_function + "notify 'STATUS=warming up'; read x < " + first_word +
                                         "; notify 'READY=1\nSTATUS=up\nWATCHDOG=1'; read x < " + second_word +
                                         "; notify STOPPING=1; sleep 1000"));
    first->wait_for([&] { return std::string(child.state.status.data()) == "warming up"; }, "a status");
    CHECK((child.state.flags & protocol::flag_ready) == 0);
    const auto id = child.state.id;
    ::kill(first->pid(), SIGKILL);
    const auto second = keeper.accept_manager();
    write_file(first_word, "go\n");
    second->wait_hello();
    auto& known = second->children()[id];
    second->wait_for([&] { return (known.state.flags & protocol::flag_ready) != 0; }, "READY=1");
    CHECK(std::string(known.state.status.data()) == "up");
    CHECK(known.state.ready_mono_ns > known.state.started_mono_ns);
    CHECK(known.state.watchdog_mono_ns > 0);
    CHECK((known.state.flags & protocol::flag_stopping) == 0);
    write_file(second_word, "go\n");
    second->wait_for([&] { return (known.state.flags & protocol::flag_stopping) != 0; }, "STOPPING=1");
}

TEST_CASE("only the child's own processes may speak for it", "[keeper][notify]")
{
    if (::geteuid() != 0) return;
    const auto proof = GENERATE(Proof::cgroup, Proof::sweep);
    Start start;
    start.without_cgroups = proof == Proof::sweep;
    KeeperUnderTest keeper{start};
    const auto manager = keeper.manager();
    auto& child = manager->wait_phase(manager->spawn(notifying("exec sleep 1000")), Phase::running);
    const auto path = keeper.runtime() + "/notify/" + std::to_string(child.state.id);
    REQUIRE(say(path, "READY=1", 65534)); // of another user
    REQUIRE(say(path, "STATUS=of nobody\nREADY=1", 65534));
    auto& other =
        manager->run(notifying(notify_function + "NOTIFY_SOCKET=" + path + " notify STATUS=other; sleep 0.2"));
    CHECK(other.state.wait_status == 0);
    CHECK((child.state.flags & protocol::flag_ready) == 0);
    CHECK(keeper.log().find("notification from a process that is not the child's") != std::string::npos);
    if (proof == Proof::sweep) { // root may: without cgroups there is nothing better to go by
        REQUIRE(say(path, "READY=1"));
        manager->wait_for([&] { return (child.state.flags & protocol::flag_ready) != 0; }, "READY=1");
    }
    const struct stat gone {
    };
    manager->empty(child);
    manager->wait_ended(manager->wait_emptied(child));
    manager->ack(child);
    manager->run(command({"/bin/true"}));
    struct stat found = gone;
    CHECK(eventually([&] { return ::stat(path.c_str(), &found) < 0; }));
}

TEST_CASE("notifications are read as sd_notify writes them", "[keeper][notify]")
{
    using processd::keeper::parse_notification;
    CHECK(parse_notification("READY=1").ready);
    CHECK(parse_notification("READY=1\n").ready);
    CHECK_FALSE(parse_notification("READY=0").ready);
    CHECK_FALSE(parse_notification("NOTREADY=1").ready);
    CHECK_FALSE(parse_notification("").ready);
    const auto all = parse_notification("MAINPID=12\nSTATUS=a = b\nWATCHDOG=1\nSTOPPING=1\n\nREADY=1");
    CHECK(all.ready);
    CHECK(all.watchdog);
    CHECK(all.stopping);
    CHECK(all.status == "a = b");
    CHECK(all.main_pid == 12);
    CHECK_FALSE(parse_notification("READY=1").main_pid);
    for (const char* wrong : {"MAINPID=", "MAINPID=soon", "MAINPID=-3", "MAINPID=0", "MAINPID=99999999999",
                              "MAINPID=99999999999999999999999"})
        CHECK(parse_notification(wrong).main_pid == 0);
    CHECK_FALSE(all.reloading);
    CHECK(parse_notification("RELOADING=1\nMONOTONIC_USEC=5").reloading);
    CHECK(parse_notification("WATCHDOG=trigger").trouble);
    CHECK_FALSE(parse_notification("WATCHDOG=trigger").watchdog);
    CHECK(parse_notification("EXTEND_TIMEOUT_USEC=1500000").extend_us == 1'500'000);
    CHECK(parse_notification("EXTEND_TIMEOUT_USEC=soon").extend_us == 0);
    CHECK(parse_notification("EXTEND_TIMEOUT_USEC=99999999999999999999999").extend_us == 0);
    CHECK(parse_notification("STATUS=").status == "");
    CHECK_FALSE(parse_notification("READY=1").status);
}
