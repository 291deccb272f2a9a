// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/sink_writer.h"
#include "tests/processd/store/support.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <thread>

using namespace processd::output;
using namespace std::chrono_literals;

namespace {

LogLine line(std::uint64_t seq, const std::string& text)
{
    LogLine l;
    l.seq = seq;
    l.time = test::at_second(0);
    l.service = "web";
    l.run = "1";
    l.data = text;
    return l;
}

constexpr const char* before_text = "2026-09-21T14:13:20.000000Z web[1] stdout: ";

// Waits for what other threads do, for a minute at most.
template <class Condition> bool eventually(Condition&& condition)
{
    const auto deadline = base::now() + 1min;
    while (!condition()) {
        if (base::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

std::string drain_pipe(int fd)
{
    std::string all;
    char buffer[65'536];
    for (ssize_t n = 0; (n = ::read(fd, buffer, sizeof buffer)) > 0;) all.append(buffer, static_cast<std::size_t>(n));
    return all;
}

struct Pipe {
    Pipe()
    {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return;
        read.reset(ends[0]);
        write.reset(ends[1]);
    }
    base::UniqueFd read, write;
};

std::size_t count_lines(const std::string& text)
{
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

TEST_CASE("lines arrive in the file in order, and how far is told", "[output][sink_writer]")
{
    test::TemporaryDirectory tmp;
    std::atomic<int> told{0};
    SinkWriter writer{make_file_sink(tmp / "log", 1U << 30U, 1), 1U << 20U, [&] { ++told; }};
    CHECK(writer.written_seq() == 0);
    std::string expected;
    for (std::uint64_t n = 1; n <= 1000; ++n) {
        writer.write(line(n, std::to_string(n)));
        expected += before_text + std::to_string(n) + "\n";
    }
    REQUIRE(eventually([&] { return writer.written_seq() == 1000; }));
    REQUIRE(writer.drain(1min));
    CHECK(eventually([&] { return told > 0; }));
    CHECK(test::read_file(tmp / "log") == expected);
    const auto status = writer.status();
    CHECK(status.lines_written == 1000);
    CHECK(status.lines_dropped == 0);
    CHECK(status.queued_bytes == 0);
    CHECK(status.error.empty());
}

TEST_CASE("the end of a writer writes what is queued", "[output][sink_writer]")
{
    test::TemporaryDirectory tmp;
    {
        SinkWriter writer{make_file_sink(tmp / "log", 1U << 30U, 1), 1U << 20U};
        writer.set_drain_time(1min);
        for (std::uint64_t n = 1; n <= 500; ++n) writer.write(line(n, "x"));
    }
    CHECK(count_lines(test::read_file(tmp / "log")) == 500);
}

TEST_CASE("a missing directory costs nothing but patience", "[output][sink_writer]")
{
    test::TemporaryDirectory tmp;
    SinkWriter writer{make_file_sink(tmp / "dir/log", 1U << 30U, 1), 1U << 20U};
    writer.write(line(1, "waits"));
    REQUIRE(eventually([&] { return !writer.status().error.empty(); }));
    CHECK(writer.status().error.find("No such file or directory") != std::string::npos);
    CHECK(writer.written_seq() == 0);
    std::filesystem::create_directory(tmp / "dir");
    writer.reopen(); // need not wait for the next try
    REQUIRE(eventually([&] { return writer.written_seq() == 1; }));
    std::string expected{before_text};
    expected += "waits\n";
    CHECK(test::read_file(tmp / "dir/log") == expected);
    CHECK(writer.status().error.empty());
}

TEST_CASE("lines dropped while a disk is full are counted in their place", "[output][sink_writer]")
{
    test::TemporaryDirectory tmp;
    if (!tmp.mount_tmpfs("1m")) {
        WARN("skipped: mounting a tmpfs is not permitted here");
        return;
    }
    {
        std::ofstream filler{tmp / "filler", std::ios::binary};
        while (filler << std::string(4096, 'x') << std::flush) {}
    }
    SinkWriter writer{make_file_sink(tmp / "log", 1U << 30U, 1), 10'000};
    std::uint64_t n = 0;
    writer.write(line(++n, "first"));
    REQUIRE(eventually([&] { return !writer.status().error.empty(); }));
    while (writer.status().lines_dropped < 100) {
        ++n;
        writer.write(line(n, "text " + std::to_string(n)));
    }
    const auto kept = n - 100;
    CHECK(writer.status().queued_bytes <= 10'000);
    std::filesystem::remove(tmp / "filler");
    writer.reopen();
    REQUIRE(eventually([&] { return writer.written_seq() == n; })); // dropped ones are done with, too
    REQUIRE(writer.drain(1min));
    writer.write(line(++n, "after"));
    REQUIRE(eventually([&] { return writer.written_seq() == n; }));
    const auto text = test::read_file(tmp / "log");
    CHECK(count_lines(text) == kept + 2);
    const auto told =
        text.find("Z ctdb-processd: … 100 lines dropped, write to " + tmp / "log: No space left on device\n");
    REQUIRE(told != std::string::npos);
    CHECK(text.find("text " + std::to_string(kept) + "\n") < told);
    CHECK(text.find("after\n") > told);
}

TEST_CASE("a device that is always full never stalls whoever writes lines", "[output][sink_writer]")
{
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    REQUIRE(full >= 0);
    SinkWriter writer{make_fd_sink(base::UniqueFd{full}, "/dev/full"), 100'000};
    const auto begun = base::now();
    for (std::uint64_t n = 1; n <= 100'000; ++n) writer.write(line(n, "text"));
    CHECK(base::now() - begun < 30s); // a tenth of a second, on a quiet machine
    CHECK(writer.status().lines_dropped > 90'000);
    CHECK(writer.status().queued_bytes <= 100'000);
    writer.set_drain_time({});
}

TEST_CASE("a pipe that nobody reads is left when the writer ends", "[output][sink_writer]")
{
    Pipe pipe;
    std::uint64_t dropped = 0;
    {
        SinkWriter writer{make_fd_sink(base::UniqueFd{::dup(pipe.write.get())}, "pipe"), 200'000};
        writer.set_drain_time(10ms);
        for (std::uint64_t n = 1; n <= 20'000; ++n) writer.write(line(n, "text"));
        dropped = writer.status().lines_dropped;
        CHECK(dropped > 0);
    }
    pipe.write.reset();
    const auto text = drain_pipe(pipe.read.get());
    CHECK(text.size() <= 65'536);
    CHECK(text.ends_with('\n')); // no line was cut
}

TEST_CASE("a slow reader of a pipe gets every line that was not dropped, and the number of those that were",
          "[output][sink_writer]")
{
    Pipe pipe;
    std::string text;
    SinkStatus status;
    std::thread reader;
    std::uint64_t n = 0;
    {
        SinkWriter writer{make_fd_sink(std::move(pipe.write), "pipe"), 100'000};
        writer.set_drain_time(1min);
        while (writer.status().lines_dropped < 500) writer.write(line(++n, "text"));
        reader = std::thread{[&] { text = drain_pipe(pipe.read.get()); }};
        CHECK(eventually([&] { return writer.written_seq() == n; }));
        writer.write(line(++n, "the end"));
        CHECK(writer.drain(1min));
        status = writer.status();
    }
    reader.join(); // the pipe has ended with the writer
    CHECK(text.ends_with("the end\n"));
    CHECK(status.lines_written + status.lines_dropped == n);
    CHECK(count_lines(text) == status.lines_written + 1);
    CHECK(text.find("… " + std::to_string(status.lines_dropped) + " lines dropped, the sink is too slow\n") !=
          std::string::npos);
}

TEST_CASE("a socket that nobody reads is not waited for in the kernel", "[output][sink_writer]")
{
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const base::UniqueFd other{ends[1]};
    SinkWriter writer{make_fd_sink(base::UniqueFd{ends[0]}, "socket"), 1U << 20U};
    writer.set_drain_time({});
    for (std::uint64_t n = 1; n <= 20'000; ++n) writer.write(line(n, std::string(100, 'x')));
    CHECK(writer.status().lines_dropped > 0);
}

TEST_CASE("a pipe whose reader has left is an error, not a signal", "[output][sink_writer]")
{
    Pipe pipe;
    pipe.read.reset();
    SinkWriter writer{make_fd_sink(std::move(pipe.write), "pipe"), 1000};
    writer.set_drain_time({});
    writer.write(line(1, "text"));
    REQUIRE(eventually([&] { return !writer.status().error.empty(); }));
    CHECK(writer.status().error == "write to pipe: Broken pipe");
}

TEST_CASE("a line longer than the whole queue is written when it is alone", "[output][sink_writer]")
{
    test::TemporaryDirectory tmp;
    SinkWriter writer{make_file_sink(tmp / "log", 1U << 30U, 1), 100};
    writer.write(line(1, std::string(5000, 'x')));
    REQUIRE(eventually([&] { return writer.written_seq() == 1; }));
    CHECK(test::read_file(tmp / "log").size() > 5000);
}
