// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/sink.h"
#include "tests/processd/store/support.h"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>

using namespace processd::output;
using test::read_file;

namespace {

void write_all(Sink& sink, std::string_view text)
{
    while (!text.empty()) {
        const auto n = sink.write(text, -1);
        REQUIRE(n.has_value());
        REQUIRE(*n > 0);
        text.remove_prefix(*n);
    }
}

} // namespace

TEST_CASE("a file sink appends, and others may not read the file", "[output][file_sink]")
{
    test::TemporaryDirectory tmp;
    test::write_file(tmp / "log", "before\n");
    ::chmod((tmp / "log").c_str(), 0640);
    auto sink = make_file_sink(tmp / "log", 1000, 2);
    write_all(*sink, "one\ntwo\n");
    CHECK(read_file(tmp / "log") == "before\none\ntwo\n");
    auto fresh = make_file_sink(tmp / "fresh", 1000, 2);
    write_all(*fresh, "x\n");
    struct stat st {};
    REQUIRE(::stat((tmp / "fresh").c_str(), &st) == 0);
    CHECK((st.st_mode & 07) == 0);
}

TEST_CASE("a file is rotated at its size, between lines, and so many are kept", "[output][file_sink]")
{
    test::TemporaryDirectory tmp;
    auto sink = make_file_sink(tmp / "log", 20, 2);
    write_all(*sink, "line 1\nline 2\nline 3\nline 4\nline 5\n");
    CHECK(read_file(tmp / "log") == "line 5\n");
    CHECK(read_file(tmp / "log.1") == "line 3\nline 4\n");
    CHECK(read_file(tmp / "log.2") == "line 1\nline 2\n");
    write_all(*sink, "line 6\nline 7\n");
    CHECK(read_file(tmp / "log") == "line 7\n");
    CHECK(read_file(tmp / "log.1") == "line 5\nline 6\n");
    CHECK(read_file(tmp / "log.2") == "line 3\nline 4\n");
    CHECK(!std::filesystem::exists(tmp / "log.3"));
}

TEST_CASE("a line longer than a file gets one of its own", "[output][file_sink]")
{
    test::TemporaryDirectory tmp;
    auto sink = make_file_sink(tmp / "log", 10, 5);
    const std::string longer(50, 'x');
    write_all(*sink, "a\n" + longer + "\nb\n");
    CHECK(read_file(tmp / "log") == "b\n");
    CHECK(read_file(tmp / "log.1") == longer + "\n");
    CHECK(read_file(tmp / "log.2") == "a\n");
}

TEST_CASE("with no rotated files kept, the file starts afresh", "[output][file_sink]")
{
    test::TemporaryDirectory tmp;
    auto sink = make_file_sink(tmp / "log", 10, 0);
    write_all(*sink, "line 1\nline 2\n");
    CHECK(read_file(tmp / "log") == "line 2\n");
    CHECK(!std::filesystem::exists(tmp / "log.1"));
}

TEST_CASE("a file that was moved away is made again after reopen", "[output][file_sink]")
{
    test::TemporaryDirectory tmp;
    auto sink = make_file_sink(tmp / "log", 1000, 2);
    write_all(*sink, "one\n");
    std::filesystem::rename(tmp / "log", tmp / "moved");
    write_all(*sink, "two\n");
    sink->reopen();
    write_all(*sink, "three\n");
    CHECK(read_file(tmp / "moved") == "one\ntwo\n");
    CHECK(read_file(tmp / "log") == "three\n");
}

TEST_CASE("where the file cannot be, the reason says which and why, and the next try may work", "[output][file_sink]")
{
    test::TemporaryDirectory tmp;
    auto sink = make_file_sink(tmp / "dir/log", 1000, 2);
    const auto missing = sink->write("x\n", -1);
    REQUIRE(!missing);
    CHECK(missing.error().message() ==
          "open the log file " + tmp / "dir/log, whose directory is not there: No such file or directory");
    std::filesystem::create_directory(tmp / "dir");
    CHECK(sink->write("x\n", -1) == std::size_t{2});

    ::mkfifo((tmp / "fifo").c_str(), 0600);
    CHECK(!make_file_sink(tmp / "fifo", 1000, 2)->write("x\n", -1)); // and does not wait for a reader
    CHECK(!make_file_sink(tmp.path(), 1000, 2)->write("x\n", -1));
}

TEST_CASE("a sink is made from configuration", "[output][sink]")
{
    processd::model::SinkSpec spec;
    CHECK((*make_sink(spec))->name() == "stderr");
    spec.kind = processd::model::SinkKind::file;
    spec.path = "/tmp/some.log";
    CHECK((*make_sink(spec))->name() == "/tmp/some.log");
    spec.kind = processd::model::SinkKind::syslog;
    CHECK((*make_sink(spec))->name() == "/tmp/some.log");
    spec.path.clear();
    spec.address = "127.0.0.1:514";
    CHECK((*make_sink(spec))->name() == "127.0.0.1:514");
}

TEST_CASE("a file of a certain age is rotated when there is a line for it", "[output][file_sink]")
{
    test::TemporaryDirectory tmp;
    {
        auto sink = make_file_sink(tmp / "log", 1000, 2, std::chrono::hours{1});
        write_all(*sink, "one\n");
        write_all(*sink, "two\n");
        CHECK(read_file(tmp / "log") == "one\ntwo\n");
    }
    // The file is older than a nanosecond, whoever opens it.
    auto sink = make_file_sink(tmp / "log", 1000, 2, std::chrono::nanoseconds{1});
    CHECK(read_file(tmp / "log") == "one\ntwo\n");
    write_all(*sink, "three\nfour\n");
    CHECK(read_file(tmp / "log") == "three\nfour\n");
    CHECK(read_file(tmp / "log.1") == "one\ntwo\n");
}

TEST_CASE("an empty file has no age", "[output][file_sink]")
{
    test::TemporaryDirectory tmp;
    test::write_file(tmp / "log", "");
    auto sink = make_file_sink(tmp / "log", 1000, 2, std::chrono::nanoseconds{1});
    write_all(*sink, "one\n");
    CHECK(read_file(tmp / "log") == "one\n");
    CHECK(!std::filesystem::exists(tmp / "log.1"));
}
