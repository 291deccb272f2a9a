// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/keeper_state.h"
#include "processd/protocol/ring.h"
#include "processd/protocol/spawn_spec.h"
#include "tests/processd/keeper/keeper_under_test.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace processd::keeper;
namespace protocol = processd::protocol;

namespace {

// One that is taken up: a service with all that one can have, and a run that is being emptied.
KeeperState plausible()
{
    KeeperState state;
    state.version = "0.1.0";
    state.program = "/usr/sbin/ctdb-processd";
    state.spec_format = protocol::spec_magic;
    state.ring_format = protocol::ring_magic;
    state.pid = 4711;
    state.epoch = 1'764'000'000'000'000;
    state.next_id = 12;
    state.incarnation = 3;
    state.stop_budget_ns = 90'000'000'000;
    state.log_level = 3;
    state.open_files = {1024, 4096};
    state.oom_score_adj_before = {0};
    state.sweepers = {4712, 11};
    state.lock = {5};
    state.api = {6};
    state.steps = {7};
    state.cgroups.path = "/sys/fs/cgroup/ctdb-processd.4711";
    state.cgroups.all = {"/sys/fs/cgroup/ctdb-processd.4711", {8}, {9}, {}, false, false};
    state.cgroups.pool.push_back({"c2", {10}, {11}, {12}, false, false});
    auto& service = state.children.emplace_back();
    service.state.id = 10;
    service.state.pid = 4713;
    service.state.phase = protocol::Phase::starting;
    service.label = "ctdbd";
    service.cookie = std::string("\0\1\2", 3);
    service.reaped = false;
    service.pidfd = {20};
    service.spec = {21};
    service.ring = {22};
    service.out = {23};
    service.err = {24};
    service.status = {25};
    service.step = 0;
    service.ready = {26};
    service.notify = {27};
    service.notify_path = "/run/ctdb-processd/notify/10";
    service.group = {"c1", {28}, {29}, {30}, true, false};
    service.group_watched = true;
    auto& run = state.children.emplace_back();
    run.state.id = 11;
    run.state.pid = 4714;
    run.state.phase = protocol::Phase::exited;
    run.state.emptying = protocol::Emptying::running;
    run.leftovers = {4715};
    run.sweep = {4712, 9, {31}, {4715}, {}, 4715, false};
    return state;
}

// Field number with a value, as the page says.
std::string field(unsigned number, unsigned flags, const std::string& value)
{
    std::string bytes(8, '\0');
    const auto size = static_cast<std::uint32_t>(value.size());
    std::memcpy(bytes.data(), &number, 2);
    std::memcpy(bytes.data() + 2, &flags, 2);
    std::memcpy(bytes.data() + 4, &size, 4);
    bytes += value;
    bytes.resize((bytes.size() + 7) / 8 * 8);
    return bytes;
}

// Bytes with more before the end of the state.
std::string and_more(std::string state, const std::string& more)
{
    state.insert(state.size() - 8, more);
    return state;
}

std::string refusal(const std::string& bytes)
{
    const auto state = decode_state(bytes);
    return state ? "it is taken" : state.error().message();
}

struct Tried {
    int status;
    std::string said;
};

// The built program, asked whether it can take these bytes up.
Tried try_program(const std::string& bytes)
{
    const auto memory = keeper_test::sealed_memfd(bytes);
    int ends[2];
    REQUIRE(::pipe2(&ends[0], O_CLOEXEC) == 0);
    const auto pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        ::dup2(ends[1], 1);
        ::dup2(ends[1], 2);
        const int fd = ::fcntl(memory.get(), F_DUPFD, 10);
        ::setenv("CTDB_PROCESSD_MANAGER", "/bin/true", 1);
        ::execl(KEEPER_PROGRAM, KEEPER_PROGRAM, "--can-take-up", std::to_string(fd).c_str(), nullptr);
        ::_exit(99);
    }
    ::close(ends[1]);
    Tried tried{};
    char byte = 0;
    while (::read(ends[0], &byte, 1) == 1) tried.said += byte;
    ::close(ends[0]);
    ::waitpid(pid, &tried.status, 0);
    return tried;
}

} // namespace

TEST_CASE("a state's bytes are those of the page", "[keeper][state]")
{
    KeeperState state;
    state.program = "/sbin/abc";
    const auto bytes = encode(state);
    CHECK(bytes.substr(0, 16) == std::string("KCPSTATE\1\0\0\0\0\0\0\0", 16));
    CHECK(bytes.substr(16, 8) == std::string("\1\0\1\0\0\0\0\0", 8)); // version, a hint, is empty
    CHECK(bytes.substr(24, 24) == std::string("\2\0\0\0\11\0\0\0/sbin/abc\0\0\0\0\0\0\0", 24));
    CHECK(bytes.substr(48, 16) == std::string("\3\0\0\0\10\0\0\0\0\0\0\0\0\0\0\0", 16)); // spec_format
    CHECK(bytes.substr(bytes.size() - 8) == std::string(8, '\0'));
    CHECK(bytes.size() % 8 == 0);
}

TEST_CASE("a state that is read is the one that was written", "[keeper][state]")
{
    const auto bytes = encode(plausible());
    const auto state = decode_state(bytes);
    REQUIRE(state);
    CHECK(encode(*state) == bytes);
    CHECK(state->children.at(0).cookie == plausible().children.at(0).cookie);
    CHECK(state->children.at(1).sweep == plausible().children.at(1).sweep);
    CHECK(descriptors_of(*state) ==
          std::vector<int>{5, 6, 7, 8, 9, 10, 11, 12, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31});
}

TEST_CASE("a state that the first program of this format has written is understood as it was meant", "[keeper][state]")
{
    std::ifstream in{FIRST_STATE, std::ios::binary};
    std::ostringstream bytes;
    bytes << in.rdbuf();
    const auto state = decode_state(bytes.str());
    REQUIRE(state);
    CHECK(encode(*state) == encode(plausible()));
}

TEST_CASE("a state that has lost bytes anywhere is refused", "[keeper][state]")
{
    const auto bytes = encode(plausible());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        INFO(size);
        CHECK_FALSE(decode_state(std::string_view(bytes).substr(0, size)));
    }
}

TEST_CASE("hints that are not known are left out, other fields are refused", "[keeper][state]")
{
    const auto bytes = encode(plausible());
    const auto hinted = decode_state(and_more(bytes, field(900, 1, "later")));
    REQUIRE(hinted);
    CHECK(encode(*hinted) == bytes);
    CHECK(refusal(and_more(bytes, field(900, 0, "later"))) == "field 900 is not known here, of the keeper's state");
    CHECK(refusal(and_more(bytes, field(34, 0, field(99, 0, "")))) == "field 99 is not known here, of a child");
    CHECK(refusal(and_more(bytes, field(7, 0, std::string(8, '\0')))) ==
          "field 7 is not known here, of the keeper's state"); // there twice
}

TEST_CASE("a state of another format or that cannot be is refused in a sentence", "[keeper][state]")
{
    auto bytes = encode(plausible());
    bytes[8] = 2;
    CHECK(refusal(bytes) == "the keeper's state has format 2, and this version knows format 1 only");
    bytes[0] = 'k';
    CHECK(refusal(bytes) == "this is no keeper's state");

    const auto changed = [](const std::function<void(KeeperState&)>& change_it) {
        auto state = plausible();
        change_it(state);
        return refusal(encode(state));
    };
    const std::string name = "child 10 of the state ";
    CHECK(changed([](auto& s) { s.spec_format ^= 1; }).find("a format that this version does not know") !=
          std::string::npos);
    CHECK(changed([](auto& s) { s.ring_format ^= 1; }).find("a format that this version does not know") !=
          std::string::npos);
    CHECK(changed([](auto& s) { s.lock = {}; }) == "the state lacks the lock or the API's socket");
    CHECK(changed([](auto& s) { s.api = {}; }) == "the state lacks the lock or the API's socket");
    CHECK(changed([](auto& s) { s.program = "ctdb-processd"; }) == "the state does not name its program");
    CHECK(changed([](auto& s) { s.sweepers.pop_back(); }) == "a list of the state has the wrong length");
    CHECK(changed([](auto& s) { s.open_files = {1}; }) == "a list of the state has the wrong length");
    CHECK(changed([](auto& s) { s.stop_budget_ns = -1; }) == "a number of the state cannot be");
    CHECK(changed([](auto& s) { s.short_lives = 1U << 31; }) == "a number of the state cannot be");
    CHECK(changed([](auto& s) { s.death_signal = 65; }) == "a number of the state cannot be");
    CHECK(changed([](auto& s) { s.cgroups.pool[0].name = ""; }) == "a cgroup of the state is none");
    CHECK(changed([](auto& s) { s.children[0].group.events = {}; }) == "a cgroup of the state is none");
    CHECK(changed([](auto& s) { s.children[0].group.name = "../c1"; }) == "a cgroup of the state is elsewhere");
    CHECK(changed([](auto& s) { s.cgroups.pool[0].name = "/c1"; }) == "a cgroup of the state is elsewhere");
    CHECK(changed([](auto& s) { s.next_id = 10; }) == name + "has an id that was never given");
    CHECK(changed([](auto& s) { s.children[0].state.phase = protocol::Phase{99}; }) ==
          name + "is in a state that does not exist");
    CHECK(changed([](auto& s) { s.children[0].state.emptying = protocol::Emptying{99}; }) ==
          name + "is in a state that does not exist");
    CHECK(changed([](auto& s) { s.children[0].cookie.resize(protocol::max_cookie + 1); }) ==
          name + "has too long a cookie");
    CHECK(changed([](auto& s) { s.children[0].state.pid = 0; }) == name + "has no process to wait for");
    CHECK(changed([](auto& s) { s.children[0].step = 1024; }) == name + "is at a step that nobody can read");
    CHECK(changed([](auto& s) { s.steps = {}; }) == name + "is at a step that nobody can read");
    CHECK(changed([](auto& s) { s.children[1].sweep.signal = 65; }) ==
          "child 11 of the state has a sweep that is none");
    CHECK(changed([](auto& s) { s.children[0].next_main = {4711}; }) ==
          "child 10 of the state has named a main process that cannot be");
    CHECK(changed([](auto& s) {
              s.children[0].next_main = {1, 7};
          }) == "child 10 of the state has named a main process that cannot be");
    CHECK(changed([](auto& s) { s.children[1].sweep.pid = 0; }) == "child 11 of the state has a sweep that is none");
    CHECK(changed([](auto& s) { s.children[1].state.id = 10; }) ==
          "two children of the state have the same id, step or process");
    CHECK(changed([](auto& s) { s.children[1].step = 0; }) ==
          "two children of the state have the same id, step or process");
    CHECK(changed([](auto& s) {
              s.children[1].state.pid = 4713;
              s.children[1].reaped = false;
          }) == "two children of the state have the same id, step or process");
    const std::string twice = "two parts of the state have the same descriptor, or one of the standard ones";
    CHECK(changed([](auto& s) { s.children[0].out = {24}; }) == twice);
    CHECK(changed([](auto& s) { s.children[0].out = {2}; }) == twice);
}

TEST_CASE("the program says of a state whether it can go on from there", "[keeper][state]")
{
    auto state = plausible();
    const auto good = try_program(encode(state));
    CHECK(good.said.rfind("ctdb-processd ", 0) == 0);
    CHECK(good.status == 0);

    auto later = encode(state);
    later[8] = 2;
    const auto cut = encode(state).substr(0, 1000);
    state.children[0].out = {24};
    for (const auto& bytes : {later, cut, encode(state), std::string()}) {
        const auto tried = try_program(bytes);
        INFO(tried.said);
        CHECK(WEXITSTATUS(tried.status) == 1);
        CHECK(tried.said.find("state") != std::string::npos);
        CHECK(tried.said.find('\n') == tried.said.size() - 1);
    }
    auto able = plausible(); // to do more than any program here is
    able.capabilities |= std::uint64_t{1} << 63U;
    const auto tried = try_program(encode(able));
    CHECK(WEXITSTATUS(tried.status) == 1);
    CHECK(tried.said == "it would run without capabilities that this one has, numbers 63\n");
}
