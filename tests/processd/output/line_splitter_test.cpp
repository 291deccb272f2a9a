// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/line_splitter.h"

#include <catch2/catch.hpp>
#include <random>
#include <tuple>

using namespace processd::output;

namespace {

struct Got {
    Stream stream;
    std::int64_t time;
    std::string data;
    bool partial, late;
    friend bool operator==(const Got&, const Got&) = default;
};

struct Splitting {
    LineSplitter splitter;
    std::vector<Got> lines;
    LineSplitter::Emit emit = [this](const Line& line) {
        lines.push_back({line.stream, base::to_ns(line.time), std::string(line.data), line.partial, line.late});
    };
    void feed(Stream stream, std::string_view data, std::int64_t time = 0, bool late = false, std::uint64_t offset = 0)
    {
        splitter.feed(stream, data, base::wall_from_ns(time), late, Position{offset, {}, {}}, emit);
    }
};

} // namespace

TEST_CASE("lines are cut at newlines and keep the time of their first byte", "[output][line_splitter]")
{
    Splitting s;
    s.feed(Stream::out, "one\ntw", 1);
    s.feed(Stream::out, "o\n\nth", 2);
    s.feed(Stream::out, "ree\r\n", 3, true);
    CHECK(s.lines == std::vector<Got>{{Stream::out, 1, "one", false, false},
                                      {Stream::out, 1, "two", false, false},
                                      {Stream::out, 2, "", false, false},
                                      {Stream::out, 2, "three\r", false, false}});
    CHECK(!s.splitter.pending());
}

TEST_CASE("the streams do not mix", "[output][line_splitter]")
{
    Splitting s;
    s.feed(Stream::out, "a", 1, false, 10);
    s.feed(Stream::err, "b", 2, false, 20);
    CHECK(s.splitter.pending()->offset == 10);
    s.feed(Stream::out, "c\n", 3, false, 30);
    CHECK(s.splitter.pending()->offset == 20);
    s.feed(Stream::err, "d\n", 4, true, 40);
    CHECK(s.lines == std::vector<Got>{{Stream::out, 1, "ac", false, false}, {Stream::err, 2, "bd", false, false}});
}

TEST_CASE("any byte may be in a line", "[output][line_splitter]")
{
    Splitting s;
    std::string all;
    for (int c = 0; c < 256; ++c)
        if (c != '\n') all += static_cast<char>(c);
    s.feed(Stream::err, all + "\n");
    REQUIRE(s.lines.size() == 1);
    CHECK(s.lines[0].data == all);
}

TEST_CASE("a line is cut at 64 KiB, and its pieces but the last are partial", "[output][line_splitter]")
{
    const std::string text(2 * max_line + 10, 'x');
    for (const std::size_t step : {text.size(), std::size_t{1000}, max_line, max_line - 1}) {
        Splitting s;
        const auto input = text + "\nnext\n";
        for (std::size_t at = 0; at < input.size(); at += step)
            s.feed(Stream::out, std::string_view{input}.substr(at, step));
        REQUIRE(s.lines.size() == 4);
        CHECK(s.lines[0].data.size() == max_line);
        CHECK(s.lines[0].partial);
        CHECK(s.lines[1].data.size() == max_line);
        CHECK(s.lines[1].partial);
        CHECK(s.lines[2].data.size() == 10);
        CHECK(!s.lines[2].partial);
        CHECK(s.lines[3].data == "next");
    }
}

TEST_CASE("a line of exactly 64 KiB is one line", "[output][line_splitter]")
{
    for (const std::size_t step : {max_line + 1, max_line - 5}) {
        Splitting s;
        std::string input(max_line, 'x');
        input += '\n';
        for (std::size_t at = 0; at < input.size(); at += step)
            s.feed(Stream::out, std::string_view{input}.substr(at, step));
        REQUIRE(s.lines.size() == 1);
        CHECK(!s.lines[0].partial);
    }
}

TEST_CASE("a flush gives out what has no newline yet, the older stream first", "[output][line_splitter]")
{
    Splitting s;
    s.feed(Stream::out, "later", 9);
    s.feed(Stream::err, "earlier", 5, true);
    s.splitter.flush(s.emit);
    s.splitter.flush(s.emit);
    CHECK(s.lines == std::vector<Got>{{Stream::err, 5, "earlier", true, true}, {Stream::out, 9, "later", true, false}});
}

TEST_CASE("however the bytes arrive, the lines are the same and none is lost", "[output][line_splitter]")
{
    std::mt19937 random{3};
    std::string input;
    while (input.size() < 1'000'000) {
        input.append(random() % 50 == 0 ? random() % 200'000 : random() % 200, static_cast<char>('a' + random() % 26));
        input += '\n';
    }
    Splitting whole;
    whole.feed(Stream::out, input);
    Splitting pieces;
    for (std::size_t at = 0; at < input.size();) {
        const auto n = 1 + random() % 70'000;
        pieces.feed(Stream::out, std::string_view{input}.substr(at, n));
        at += n;
    }
    CHECK(whole.lines == pieces.lines);
    std::string joined;
    for (const auto& line : pieces.lines) joined += line.data + (line.partial ? "" : "\n");
    CHECK(joined == input);
}
