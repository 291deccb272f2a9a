// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/processd/keeper/keeper_under_test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace keeper_test;
using protocol::Phase;
using protocol::Stream;

TEST_CASE("a full ring overwrites its oldest output, and what was lost can be counted", "[keeper][output]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    auto spec = shell("i=0; while [ $i -lt 100000 ]; do echo line $i; i=$((i+1)); done; echo end >&2");
    spec.ring_bytes = 1; // the smallest: 128 KiB
    auto& child = manager->run(spec);
    CHECK(child.state.ring_size == protocol::min_ring_size);
    std::string expected;
    for (int i = 0; i < 100000; ++i) expected += "line " + std::to_string(i) + "\n";
    const auto kept = child.ring->text(Stream::out);
    REQUIRE(kept.size() < expected.size());
    CHECK(kept.size() > 20'000);
    CHECK(expected.compare(expected.size() - kept.size(), kept.size(), kept) == 0); // the tail, whole
    CHECK(child.ring->text(Stream::err) == "end\n");
    for (const auto& chunk : child.ring->chunks())
        if (chunk.stream == Stream::out) {
            CHECK(chunk.stream_offset == expected.size() - kept.size());
            break;
        }
    bool skipped = false;
    child.ring->chunks(&skipped);
    CHECK(skipped);
    CHECK(child.ring->reader().written(Stream::out) == expected.size());
    CHECK(child.ring->reader().written(Stream::err) == 4);
}

TEST_CASE("output is recorded while nobody reads it, and never stops the writer", "[keeper][output]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    const auto done = keeper.directory() + "/done";
    const auto request = manager->send_spawn(shell("head -c 50000000 /dev/zero; echo > " + done));
    // The manager does not read its mail meanwhile.
    REQUIRE(eventually([&] { return !read_file(done).empty(); }));
    auto& child = manager->wait_ended(manager->children()[manager->child_of(request)]);
    CHECK(child.ring->reader().written(Stream::out) == 50'000'000);
}

TEST_CASE("a ring is binary safe and stamps each chunk", "[keeper][output]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    auto& child = manager->run(shell(R"(printf '\000\377\n\000'; printf '\001' >&2)"));
    CHECK(child.ring->text(Stream::out) == std::string("\0\377\n\0", 4));
    CHECK(child.ring->text(Stream::err) == "\1");
    for (const auto& chunk : child.ring->chunks()) {
        CHECK(chunk.mono_ns > manager->hello()->started_mono_ns);
        CHECK(chunk.mono_ns <= base::to_ns(base::now()));
        CHECK(chunk.wall_ns > manager->hello()->started_wall_ns);
    }
}

TEST_CASE("what a command said before its end is not late, whatever the keeper learns of first", "[keeper][output]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    const auto fifo = keeper.directory() + "/fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    auto& other = manager->wait_phase(manager->spawn(command({"/bin/sleep", "1000"})), Phase::running);
    auto& child = manager->wait_phase(manager->spawn(shell("read line < " + fifo + "; echo said")), Phase::running);
    ::kill(keeper.pid(), SIGSTOP);
    ::kill(other.state.pid, SIGKILL); // the first news: there is somebody to reap
    REQUIRE(eventually([&] { return !is_alive(other.state.pid); }));
    write_file(fifo, "go\n");
    REQUIRE(eventually([&] { return !is_alive(child.state.pid); }));
    ::kill(keeper.pid(), SIGCONT);
    manager->wait_ended(child);
    CHECK(child.ring->text(Stream::out) == "said\n");
    for (const auto& chunk : child.ring->chunks()) CHECK(chunk.mono_ns <= child.state.exited_mono_ns);
}

TEST_CASE("the manager can neither write to a ring nor shrink it", "[keeper][output]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    auto& child = manager->run(command({"/bin/true"}));
    CHECK(::write(child.ring->fd(), "x", 1) < 0);
    CHECK(::ftruncate(child.ring->fd(), 0) < 0);
    CHECK(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, child.ring->fd(), 0) == MAP_FAILED);
    CHECK((::fcntl(child.ring->fd(), F_GET_SEALS) & (F_SEAL_SHRINK | F_SEAL_GROW)) == (F_SEAL_SHRINK | F_SEAL_GROW));
}

TEST_CASE("new output is told once, and again after the next watch", "[keeper][output]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    const auto fifo = keeper.directory() + "/fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    const base::UniqueFd words{::open(fifo.c_str(), O_RDWR | O_CLOEXEC)};
    auto& child = manager->wait_phase(manager->spawn(shell("exec cat " + fifo)), Phase::running);
    const auto say = [&](std::string word) {
        word += '\n';
        CHECK(::write(words.get(), word.data(), word.size()) > 0);
    };
    const auto said = [&] { return child.ring->text(Stream::out); };
    say("first");
    manager->wait_for([&] { return child.state.ring_head > 0; }, "news of the first line");
    CHECK(said() == "first\n");
    const int states = child.states;
    for (int i = 0; i < 20; ++i) say("more");
    REQUIRE(eventually([&] { return said().size() == 6 + 20 * 5; }));
    // A message that the keeper answers, sent after the output, shows that nothing was said about it.
    auto& other = manager->run(command({"/bin/true"}));
    CHECK(other.state.phase == Phase::exited);
    CHECK(child.states == states);
    manager->watch(child, child.state.ring_head);
    manager->wait_for([&] { return child.states > states; }, "news after the watch");
    CHECK(child.state.ring_head == child.ring->reader().head());
    // All consumed: quiet until there is more.
    manager->watch(child, child.state.ring_head);
    const int quiet = child.states;
    manager->run(command({"/bin/true"}));
    CHECK(child.states == quiet);
    say("again");
    manager->wait_for([&] { return child.states > quiet; }, "news of new output");
    CHECK(child.state.consumed > 0);
}

TEST_CASE("late output of a descendant is recorded until the last writer has gone", "[keeper][output]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    REQUIRE(::mkfifo((keeper.directory() + "/fifo").c_str(), 0600) == 0);
    auto& child = manager->run(
        shell("(read line < " + keeper.directory() + "/fifo; echo late $line; echo late >&2) & echo early"));
    CHECK(child.state.phase == Phase::exited);
    CHECK((child.state.flags & protocol::flag_drained) != 0);
    CHECK((child.state.flags & protocol::flag_eof) == 0);
    CHECK(child.ring->text(Stream::out) == "early\n");
    write_file(keeper.directory() + "/fifo", "word\n");
    manager->wait_for([&] { return (child.state.flags & protocol::flag_eof) != 0; }, "end of file");
    CHECK(child.ring->text(Stream::out) == "early\nlate word\n");
    CHECK(child.ring->text(Stream::err) == "late\n");
}

TEST_CASE("a descendant that writes on after its run was acknowledged is not killed by that", "[keeper][output]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    REQUIRE(::mkfifo((keeper.directory() + "/fifo").c_str(), 0600) == 0);
    auto& child = manager->run(shell("(read line < " + keeper.directory() + "/fifo; echo late; echo fine > " +
                                     keeper.directory() + "/fine) &"));
    manager->ack(child);
    manager->run(command({"/bin/true"})); // after the ack
    write_file(keeper.directory() + "/fifo", "word\n");
    CHECK(eventually([&] { return read_file(keeper.directory() + "/fine") == "fine\n"; }));
}

TEST_CASE("a fast writer does not starve the others", "[keeper][output]")
{
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    std::vector<KnownChild*> writers;
    for (int i = 0; i < 3; ++i) writers.push_back(&manager->spawn(command({"/usr/bin/yes", "spam"})));
    for (int i = 0; i < 10; ++i)
        CHECK(manager->run(shell("echo " + std::to_string(i))).ring->text(Stream::out) == std::to_string(i) + "\n");
    for (auto* writer : writers) {
        CHECK(eventually([&] { return writer->ring->text(Stream::out).size() > 100'000; }));
        manager->empty(*writer);
        manager->wait_emptied(*writer);
        manager->wait_ended(*writer);
        CHECK((writer->state.flags & protocol::flag_eof) != 0);
    }
}
