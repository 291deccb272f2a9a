// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/processd/keeper/keeper_under_test.h"

#include <csignal>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

using namespace keeper_test;
using protocol::Phase;
using protocol::Stream;

TEST_CASE("hello names the keeper and hands the API's socket over", "[keeper][handover]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    const auto& hello = *manager->hello();
    CHECK(hello.keeper_pid == keeper.pid());
    CHECK(hello.incarnation == 1);
    CHECK(hello.previous_end == protocol::ManagerEnd::first_start);
    CHECK(hello.next_child_id == 1);
    CHECK(hello.children == 0);
    CHECK(hello.stopping == 0);
    CHECK(std::string(hello.boot_id.data()) + "\n" == read_file("/proc/sys/kernel/random/boot_id"));
    CHECK((hello.abilities & protocol::ability_subreaper) != 0);
    CHECK((hello.proof == protocol::Proof::cgroup) == (hello.cgroup[0] == '/'));

    struct stat found {};
    REQUIRE(::stat((keeper.runtime() + "/api.socket").c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0666);
    const base::UniqueFd client{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (keeper.runtime() + "/api.socket").copy(&address.sun_path[0], sizeof address.sun_path - 1);
    REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const base::UniqueFd accepted{::accept4(manager->api_fd(), nullptr, nullptr, SOCK_CLOEXEC)};
    CHECK(accepted);

    const protocol::Settings settings{1'000'000'000, 0600, 3, protocol::nobody, protocol::nobody};
    manager->send(protocol::Type::settings, {protocol::bytes_of(settings)});
    manager->run(command({"/bin/true"}));
    REQUIRE(::stat((keeper.runtime() + "/api.socket").c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
}

TEST_CASE("a manager's SIGKILL loses no child, exit, output, cookie or readiness", "[keeper][handover]")
{
    KeeperUnderTest keeper;
    auto first = keeper.manager();
    REQUIRE(::mkfifo((keeper.directory() + "/fifo").c_str(), 0600) == 0);
    auto spec = shell("echo before; read line < " + keeper.directory() + "/fifo; echo after; exit 9");
    const auto ends = first->child_of(first->send_spawn(spec, "cookie of one that ends"));
    auto ready_spec = shell("echo >&3; exec sleep 1000");
    ready_spec.ready_by = protocol::ReadyBy::fd;
    ready_spec.ready_fd = 3;
    const auto stays = first->child_of(first->send_spawn(ready_spec, "cookie of one that stays"));
    first->wait_phase(first->children()[ends], Phase::running);
    first->wait_for([&] { return (first->children()[stays].state.flags & protocol::flag_ready) != 0; }, "readiness");
    auto& acknowledged = first->run(command({"/bin/true"}));
    first->ack(acknowledged);
    const auto ended_before = first->run(shell("exit 3")).state.id;
    const auto stopped = first->child_of(first->send_spawn(command({"/bin/sleep", "1000"})));
    first->wait_phase(first->children()[stopped], Phase::running);
    const protocol::Signal signal{stopped, SIGTERM, protocol::Scope::leader};
    first->send(protocol::Type::signal, {protocol::bytes_of(signal), "why"});
    const protocol::Child cookie{stays, 8, 0};
    first->send(protocol::Type::cookie, {protocol::bytes_of(cookie), "replaced"});
    const protocol::Watch watch{ends, 40, 48, {7, 1, 2, 3}, 77};
    first->send(protocol::Type::watch, {protocol::bytes_of(watch)});

    ::kill(first->pid(), SIGKILL);
    auto second = keeper.accept_manager();
    write_file(keeper.directory() + "/fifo", "go\n"); // it ends while no manager reads
    second->wait_hello();
    CHECK(second->hello()->incarnation == 2);
    CHECK(second->hello()->previous_end == protocol::ManagerEnd::ended);
    CHECK(second->hello()->previous_status == SIGKILL);
    CHECK(second->hello()->children == 4);
    CHECK(second->hello()->epoch == first->hello()->epoch);
    CHECK(second->children().size() == 4);
    auto& told_to_end = second->wait_ended(second->children()[stopped]);
    CHECK(WTERMSIG(told_to_end.state.wait_status) == SIGTERM);
    CHECK(told_to_end.cookie == "why");
    auto& ended = second->wait_ended(second->children()[ends]);
    CHECK(WEXITSTATUS(ended.state.wait_status) == 9);
    CHECK(ended.cookie == "cookie of one that ends");
    CHECK(ended.ring->text(Stream::out) == "before\nafter\n");
    CHECK(ended.state.consumed == 40);
    CHECK(ended.state.seen == 48);
    CHECK(second->hello()->newest_line == 77);
    CHECK(ended.state.consumed_counts == std::array<std::uint64_t, 4>{7, 1, 2, 3});
    auto& staying = second->children()[stays];
    CHECK(staying.cookie == "replaced");
    CHECK(staying.state.phase == Phase::running);
    CHECK((staying.state.flags & protocol::flag_ready) != 0);
    CHECK(WEXITSTATUS(second->children()[ended_before].state.wait_status) == 3);
    // The specification is handed over as it came.
    std::string bytes(64 * 1024, '\0');
    const auto n = ::pread(staying.spec.get(), bytes.data(), bytes.size(), 0);
    REQUIRE(n > 0);
    const auto decoded = protocol::decode_spawn_spec({bytes.data(), static_cast<std::size_t>(n)});
    REQUIRE(decoded);
    CHECK(*decoded == ready_spec);
}

TEST_CASE("a child that came to nothing is handed over with what it was to be", "[keeper][handover]")
{
    KeeperUnderTest keeper;
    auto first = keeper.manager();
    auto spec = command({"/bin/true"});
    spec.stdin_kind = protocol::Stdin::data; // which does not come
    const auto failed = first->wait_ended(first->children()[first->child_of(first->send_spawn(spec))]).state.id;
    ::kill(first->pid(), SIGKILL);
    auto second = keeper.accept_manager();
    second->wait_hello();
    auto& child = second->children()[failed];
    CHECK(child.state.phase == Phase::failed);
    CHECK(child.state.stage == protocol::Stage::request);
    CHECK_FALSE(child.ring);
    REQUIRE(child.spec);
}

TEST_CASE("what a killed manager had sent is done, though its own mail was unread", "[keeper][handover]")
{
    KeeperUnderTest keeper;
    auto first = keeper.manager();
    ::kill(keeper.pid(), SIGSTOP); // so that nothing is read before the manager is dead
    for (int i = 0; i < 20; ++i) first->send_spawn(shell("exit 5"), "cookie " + std::to_string(i));
    ::kill(first->pid(), SIGKILL);
    REQUIRE(eventually([&] { return !is_alive(first->pid()); }));
    first->close();
    ::kill(keeper.pid(), SIGCONT);
    auto second = keeper.manager();
    REQUIRE(second->children().size() == 20);
    int i = 0;
    for (auto& [id, child] : second->children()) {
        CHECK(child.cookie == "cookie " + std::to_string(i++));
        CHECK(WEXITSTATUS(second->wait_ended(child).state.wait_status) == 5);
    }
}

TEST_CASE("request ids of a former manager mean nothing to the next", "[keeper][handover]")
{
    KeeperUnderTest keeper;
    auto first = keeper.manager();
    first->child_of(first->send_spawn(command({"/bin/sleep", "1000"}), "", std::nullopt, 1));
    ::kill(first->pid(), SIGKILL);
    auto second = keeper.manager();
    second->send_spawn(command({"/bin/sleep", "1000"}), "", std::nullopt, 1);
    second->wait_for([&] { return second->children().size() == 2; }, "a second child");
}

TEST_CASE("a manager that ends soon is restarted at once the first time, then with growing delay", "[keeper][handover]")
{
    KeeperUnderTest keeper;
    auto manager = keeper.manager();
    manager->send(protocol::Type::ready);
    auto& child = manager->wait_phase(manager->spawn(command({"/bin/sleep", "1000"})), Phase::running);
    const auto pid = child.state.pid;
    std::vector<base::Duration> delays;
    for (int i = 0; i < 4; ++i) {
        ::kill(manager->pid(), SIGKILL);
        const auto killed = base::now();
        manager = keeper.manager();
        delays.push_back(base::now() - killed);
    }
    CHECK(delays[1] >= 100ms);
    CHECK(delays[2] >= 200ms);
    CHECK(delays[3] >= 400ms);
    CHECK(is_alive(pid));
    CHECK(manager->children().begin()->second.state.phase == Phase::running);
}

TEST_CASE("a manager that leaves its mail unread is killed and replaced, and one without mail is left alone",
          "[keeper][handover]")
{
    KeeperUnderTest keeper;
    auto first = keeper.manager();
    auto& child = first->wait_phase(first->spawn(command({"/bin/sleep", "1000"})), Phase::running);
    const auto pid = child.state.pid;
    first->send_spawn(command({"/bin/true"})); // its states are never acknowledged
    const auto since = base::now();
    auto second = keeper.accept_manager();
    CHECK(base::now() - since >= 9s);
    second->wait_hello();
    CHECK(second->hello()->previous_end == protocol::ManagerEnd::hung);
    CHECK(!is_alive(first->pid()));
    CHECK(is_alive(pid));
}

TEST_CASE("a stopped manager is killed and replaced", "[keeper][handover]")
{
    KeeperUnderTest keeper;
    auto first = keeper.manager();
    ::kill(first->pid(), SIGSTOP);
    first->send_spawn(command({"/bin/true"}));
    auto second = keeper.manager();
    CHECK(second->hello()->previous_end == protocol::ManagerEnd::hung);
    CHECK(second->children().size() == 1);
}

TEST_CASE("a manager that sends nonsense or closes its channel is replaced", "[keeper][handover]")
{
    KeeperUnderTest keeper;
    auto manager = keeper.manager();
    REQUIRE(::send(manager->channel_fd(), "nonsense", 8, MSG_NOSIGNAL) == 8);
    const auto second = keeper.manager();
    CHECK(second->hello()->incarnation == 2);
    const protocol::Header other{protocol::magic, protocol::version + 1, 22, sizeof other, 0, 1, 0};
    REQUIRE(::send(second->channel_fd(), &other, sizeof other, MSG_NOSIGNAL) == sizeof other);
    const auto third = keeper.manager();
    CHECK(third->hello()->incarnation == 3);
    ::shutdown(third->channel_fd(), SHUT_RDWR);
    CHECK(keeper.manager()->hello()->incarnation == 4);
    CHECK(keeper.log().find("speaks version " + std::to_string(protocol::version + 1)) != std::string::npos);
}

TEST_CASE("hundreds of children are handed over through a socket that holds fewer messages", "[keeper][handover]")
{
    KeeperUnderTest keeper;
    auto first = keeper.manager();
    constexpr int count = 400;
    const std::string cookie(protocol::max_cookie, 'c');
    for (int i = 0; i < count; ++i) {
        const auto request = first->send_spawn(shell("exit 0"), cookie);
        if (i % 50 == 49) first->child_of(request);
    }
    first->wait_for(
        [&] {
            int ended = 0;
            for (const auto& [id, child] : first->children()) ended += child.state.phase == Phase::exited ? 1 : 0;
            return ended == count;
        },
        "all to end");
    ::kill(first->pid(), SIGKILL);
    auto second = keeper.manager();
    CHECK(second->hello()->children == count);
    CHECK(second->children().size() == count);
    for (auto& [id, child] : second->children()) {
        CHECK(child.cookie.size() == cookie.size());
        CHECK(child.ring != nullptr);
        second->ack(child);
    }
    ::kill(second->pid(), SIGKILL);
    CHECK(keeper.manager()->hello()->children == 0);
}

TEST_CASE("SIGHUP becomes a message", "[keeper][handover]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    ::kill(keeper.pid(), SIGHUP);
    manager->wait_for([&] { return manager->reload(); }, "reload");
}

TEST_CASE("with nothing to do the keeper does not wake up", "[keeper][handover]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    manager->send(protocol::Type::ready);
    auto& child = manager->wait_phase(manager->spawn(command({"/bin/sleep", "1000"})), Phase::running);
    manager->wait_ended(manager->run(command({"/bin/true"})));
    CHECK(child.state.phase == Phase::running);
    const auto switches = [&] {
        const auto text = read_file("/proc/" + std::to_string(keeper.pid()) + "/status");
        return text.substr(text.find("voluntary_ctxt_switches"));
    };
    // It has handled our last message when it has slept for a while.
    auto before = switches();
    REQUIRE(eventually([&] {
        ::poll(nullptr, 0, 300);
        return std::exchange(before, switches()) == before;
    }));
    ::poll(nullptr, 0, 1500); // not a wait for something: the time in which nothing may happen
    CHECK(switches() == before);
}
