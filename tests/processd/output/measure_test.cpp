// SPDX-License-Identifier: GPL-3.0-or-later
// Not a test: the numbers in docs/records.md. Run with: test-output "[measure]"
#include "processd/output/line_splitter.h"
#include "processd/output/log_store.h"
#include "processd/output/ring_source.h"
#include "processd/output/sink_writer.h"
#include "tests/processd/output/ring.h"
#include "tests/processd/store/support.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <ctime>
#include <thread>

using namespace processd::output;

namespace {

double cpu_s(clockid_t clock)
{
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

} // namespace

TEST_CASE("what 10 MB of lines cost from ring to log file", "[.][measure]")
{
    for (const std::size_t length : {100U, 1000U}) {
        test::TemporaryDirectory tmp;
        test::Ring ring{256 * 1024};
        auto source = RingSource::open(ring.fd());
        REQUIRE(source.has_value());
        LineSplitter splitter;
        LogStore store{1, first_seq(1), 4U << 20U};
        SinkWriter writer{make_file_sink(tmp / "log", 1U << 30U, 1), 4U << 20U};
        std::string chunk;
        while (chunk.size() + length <= 32'768) chunk += std::string(length - 1, 'x') + "\n";
        LogLine line;
        line.service = "web";
        line.run = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
        Piece piece;
        const auto whole = cpu_s(CLOCK_PROCESS_CPUTIME_ID), loop = cpu_s(CLOCK_THREAD_CPUTIME_ID);
        double writing = 0;
        std::size_t bytes = 0;
        while (bytes < 100'000'000) {
            const auto begun = cpu_s(CLOCK_THREAD_CPUTIME_ID);
            ring.out(chunk); // the keeper's part
            bytes += chunk.size();
            writing += cpu_s(CLOCK_THREAD_CPUTIME_ID) - begun;
            while (source->next(piece))
                splitter.feed(piece.chunk.stream, piece.chunk.data, base::wall_from_ns(piece.chunk.wall_ns), false,
                              piece.start, [&](const Line& found) {
                                  line.time = found.time;
                                  line.data = found.data;
                                  store.append(line);
                                  writer.write(line);
                              });
            while (writer.status().queued_bytes > 2U << 20U) std::this_thread::yield();
        }
        REQUIRE(writer.drain(std::chrono::minutes{1}));
        const auto loop_took = cpu_s(CLOCK_THREAD_CPUTIME_ID) - loop - writing;
        const auto all_took = cpu_s(CLOCK_PROCESS_CPUTIME_ID) - whole - writing;
        std::printf(
            "lines of %zu bytes, per 10 MB: %.1f ms of CPU on the loop, %.1f ms with the sink's thread; dropped %llu\n",
            length, loop_took * 100, all_took * 100, static_cast<unsigned long long>(writer.status().lines_dropped));
    }
    LogLine line;
    line.service = "service";
    line.data = std::string(99, 'x');
    line.run = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    line.pid = 12'345;
    using enum processd::model::LineFormat;
    for (const auto format : {text, json, ctdb, bare, local, rfc5424, journald}) {
        const LineForm form{format, "host", 3, 1};
        std::string made;
        const auto begun = cpu_s(CLOCK_THREAD_CPUTIME_ID);
        for (int i = 0; i < 100'000; ++i) {
            made.clear();
            line.time += std::chrono::microseconds{10};
            append_line(made, form, line);
        }
        std::printf("made into the form %s, per 10 MB: %.1f ms\n", std::string(name_of(format)).c_str(),
                    (cpu_s(CLOCK_THREAD_CPUTIME_ID) - begun) * 1000);
    }
}
