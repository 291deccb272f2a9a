// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/client/reply_parser.h"

#include <catch2/catch.hpp>

using client::ReplyParser;

namespace {

struct Parsed {
    bool ok = false;
    bool done = false;
    int status = 0;
    bool keep_alive = false;
    std::string body;
    std::size_t taken = 0;
    friend bool operator==(const Parsed&, const Parsed&) = default;
};

Parsed parse(std::string_view bytes, std::size_t piece)
{
    ReplyParser parser;
    Parsed result;
    while (result.taken < bytes.size() && !parser.done()) {
        const auto n = parser.feed(bytes.substr(result.taken, piece), result.body);
        if (!n) return result;
        result.taken += *n;
    }
    result.ok = true;
    result.done = parser.done();
    result.status = parser.status();
    result.keep_alive = parser.keep_alive();
    return result;
}

} // namespace

TEST_CASE("a reply is the same in whatever pieces it comes", "[client][parser]")
{
    struct Row {
        std::string_view bytes;
        Parsed expected;
    };
    const std::vector<Row> rows{
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", {true, true, 200, true, "hello", 43}},
        {"HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", {true, true, 200, true, "", 34}},
        {"HTTP/1.1 204 No Content\r\n\r\n", {true, true, 204, true, "", 27}},
        {"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", {true, true, 200, true, "hi", 37}},
        {"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nhi", {true, true, 200, false, "hi", 59}},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
         {true, true, 200, true, "abc0123456789", 89}},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}",
         {true, true, 202, true, "{}", 71}},
        {"HTTP/1.0 200 OK\r\n\r\nto the end", {true, false, 200, false, "to the end", 29}},
    };
    for (const auto& row : rows) {
        CAPTURE(row.bytes);
        for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
            CAPTURE(piece);
            const auto parsed = parse(row.bytes, piece);
            CHECK(parsed.ok);
            CHECK(parsed.done == row.expected.done);
            CHECK(parsed.status == row.expected.status);
            CHECK(parsed.keep_alive == row.expected.keep_alive);
            CHECK(parsed.body == row.expected.body);
            CHECK(parsed.taken == row.bytes.size());
        }
    }
}

TEST_CASE("what follows a reply is left alone", "[client][parser]")
{
    const auto parsed = parse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more", 1000);
    CHECK(parsed.done);
    CHECK(parsed.taken == 40);
    CHECK(parsed.body == "hi");
}

TEST_CASE("bytes that are no reply are refused with a sentence", "[client][parser]")
{
    for (const auto* bytes : {
             "SSH-2.0-OpenSSH_9.2\r\n",
             "HTTP/2 200 OK\r\n",
             "HTTP/1.1 xxx\r\n",
             "HTTP/1.1 099 Low\r\n",
             "HTTP/1.1 600 High\r\n",
             "HTTP/1.1 2000\r\n",
             "\r\n",
             "HTTP/1.1 200 OK\r\nno colon\r\n",
             "HTTP/1.1 200 OK\r\n: empty\r\n",
             "HTTP/1.1 200 OK\r\nspace before : x\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
         }) {
        CAPTURE(bytes);
        ReplyParser parser;
        std::string body;
        const auto fed = parser.feed(bytes, body);
        REQUIRE_FALSE(fed);
        CHECK(fed.error().code == base::Errc::corrupt);
        CHECK(fed.error().message().starts_with("the reply is not HTTP: "));
    }
}

TEST_CASE("headers and chunk lines without end are refused before they fill the memory", "[client][parser]")
{
    std::string body;
    const std::string flood(100'000, 'x');
    CHECK_FALSE(ReplyParser{}.feed(flood, body));
    ReplyParser headers;
    REQUIRE(headers.feed("HTTP/1.1 200 OK\r\n", body));
    bool refused = false;
    for (int i = 0; i < 20'000 && !refused; ++i) refused = !headers.feed("a: b\r\n", body);
    CHECK(refused);
    ReplyParser chunks;
    REQUIRE(chunks.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", body));
    CHECK_FALSE(chunks.feed(flood, body));
}

TEST_CASE("a stream of many chunks does not run into the bound on headers", "[client][parser]")
{
    ReplyParser parser;
    std::string body;
    REQUIRE(parser.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", body));
    for (int i = 0; i < 100'000; ++i) REQUIRE(parser.feed("1\r\nx\r\n", body));
    CHECK(body.size() == 100'000);
}

TEST_CASE("a connection that closes says where", "[client][parser]")
{
    std::string body;
    ReplyParser nothing;
    CHECK(nothing.closed().error().message() == "the daemon closed the connection without a reply");
    ReplyParser head;
    REQUIRE(head.feed("HTTP/1.1 200", body));
    CHECK(head.closed().error().message() == "the daemon closed the connection in the middle of its reply");
    ReplyParser half;
    REQUIRE(half.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", body));
    CHECK(half.closed().error().code == base::Errc::unavailable);
    ReplyParser to_end;
    REQUIRE(to_end.feed("HTTP/1.1 200 OK\r\n\r\nhe", body));
    CHECK(to_end.closed());
    CHECK(to_end.done());
}
