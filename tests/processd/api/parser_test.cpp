// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/parser.h"

#include <catch2/catch.hpp>

using namespace processd::api;

namespace {

// Feeds bytes in pieces of `step`, as a connection does, and returns the parser at the first end.
Parser fed(std::string_view bytes, std::size_t step, Parser::Bounds bounds = {})
{
    Parser parser(bounds);
    std::string kept;
    for (std::size_t i = 0; i < bytes.size() && parser.state() == Parser::State::need_more; i += step) {
        kept += bytes.substr(i, step);
        kept.erase(0, parser.feed(kept));
    }
    return parser;
}

} // namespace

TEST_CASE("a request is the same however its bytes are cut", "[api][parser]")
{
    const std::string bytes = "POST /v1/runs?wait=30s HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n"
                              "Transfer-Encoding: chunked\r\n\r\n"
                              "5;name=value\r\nhello\r\n6\r\n, all!\r\n0\r\nX-Trailer: ignored\r\n\r\n";
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        auto parser = fed(bytes, step);
        REQUIRE(parser.state() == Parser::State::done);
        const Request request = parser.take();
        CHECK(request.method == "POST");
        CHECK(request.target == "/v1/runs?wait=30s");
        CHECK(request.body == "hello, all!");
        CHECK(request.accepts("application/x-ndjson"));
        CHECK(request.keep_alive);
        CHECK(parser.state() == Parser::State::need_more);
        CHECK_FALSE(parser.started());
    }
}

TEST_CASE("bytes behind a request are left for the next one", "[api][parser]")
{
    Parser parser({});
    const std::string one = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    const std::string two = "PUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz";
    const std::string all = one + two;
    REQUIRE(parser.feed(all) == one.size());
    CHECK(parser.take().target == "/a");
    CHECK(parser.feed(std::string_view(all).substr(one.size())) == two.size());
    CHECK(parser.take().body == "xyz");
}

TEST_CASE("what is no HTTP request, or none that we speak, has its status", "[api][parser]")
{
    struct Case {
        const char* what;
        std::string bytes;
        int status;
    };
    const std::string host = "Host: x\r\n";
    const Case cases[] = {
        {"nothing like HTTP", "hello world\r\n\r\n", 400},
        {"a TLS client", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + "\r\n\r\n", 400},
        {"zero bytes", std::string(64, '\0'), 400},
        {"an empty line first", "\r\nGET / HTTP/1.1\r\n" + host + "\r\n", 400},
        {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"HTTP/0.9", "GET /\r\n\r\n", 400},
        {"HTTP/3.0", "GET / HTTP/3.0\r\n" + host + "\r\n", 505},
        {"another protocol", "GET / FTP/1.1\r\n" + host + "\r\n", 505},
        {"a control byte in the target", "GET /a\x01z HTTP/1.1\r\n" + host + "\r\n", 400},
        {"blanks in the target", "GET /a b HTTP/1.1\r\n" + host + "\r\n", 505},
        {"a bad method", "G(T / HTTP/1.1\r\n" + host + "\r\n", 400},
        {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"two hosts", "GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
        {"a field without colon", "GET / HTTP/1.1\r\n" + host + "nonsense\r\n\r\n", 400},
        {"a blank before the colon", "GET / HTTP/1.1\r\n" + host + "A : b\r\n\r\n", 400},
        {"a NUL in a value", "GET / HTTP/1.1\r\n" + host + std::string("A: b\0c\r\n\r\n", 11), 400},
        {"two lengths", "PUT / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
        {"a negative length", "PUT / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
        {"a length beyond 64 bits", "PUT / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", 400},
        {"a length and chunks",
         "PUT / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"chunks and a length",
         "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
        {"a coding we do not speak", "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\nzzz", 501},
        {"two codings", "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        {"chunks in HTTP/1.0", "PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"a chunk without size", "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
        {"a chunk longer than said",
         "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n", 400},
        {"a chunk size beyond 64 bits",
         "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400},
        {"a length in the trailer",
         "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n", 400},
        {"an expectation we cannot meet", "PUT / HTTP/1.1\r\n" + host + "Expect: wonders\r\n\r\n", 417},
        {"a body beyond the limit", "PUT / HTTP/1.1\r\n" + host + "Content-Length: 2097153\r\n\r\n", 413},
        {"a chunk beyond the limit", "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n200001\r\n", 413},
        {"a header beyond the limit", "GET / HTTP/1.1\r\n" + host + "A: " + std::string(20'000, 'a') + "\r\n\r\n", 431},
        {"a request line beyond the limit", "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 431},
        {"an endless folded value",
         [&] {
             std::string text = "GET / HTTP/1.1\r\n" + host + "A: b\r\n";
             for (int i = 0; i < 2000; ++i) text += " folded\r\n";
             return text + "\r\n";
         }(),
         431},
    };
    for (const auto& c : cases)
        for (const std::size_t step : {c.bytes.size(), std::size_t{1}, std::size_t{7}}) {
            INFO(c.what << ", " << step << " bytes at a time");
            const auto parser = fed(c.bytes, step);
            CHECK(parser.state() == Parser::State::failed);
            CHECK(parser.status() == c.status);
        }
}

TEST_CASE("many small fields are bounded together, also when each comes by itself", "[api][parser]")
{
    std::string bytes = "GET / HTTP/1.1\r\nHost: x\r\n";
    while (bytes.size() < 17'000) bytes += "X-Field: value\r\n";
    for (const std::size_t step : {std::size_t{1}, std::size_t{16}, std::size_t{8000}, bytes.size()}) {
        const auto parser = fed(bytes, step);
        CHECK(parser.state() == Parser::State::failed);
        CHECK(parser.status() == 431);
    }
}

TEST_CASE("what surrounds chunks is bounded", "[api][parser]")
{
    const std::string head = "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string& start : {std::string("5;"), std::string("0\r\nA: "), std::string("0")}) {
        const auto parser = fed(head + start + std::string(40'000, start == "0" ? '0' : 'a'), 1000);
        CHECK(parser.state() == Parser::State::failed);
        CHECK(parser.status() == 400);
    }
}

TEST_CASE("a chunked body is bounded as a whole", "[api][parser]")
{
    const std::string head = "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    const auto fits = fed(head + "5\r\nabcde\r\n5\r\nabcde\r\n0\r\n\r\n", 3, {16 * 1024, 10});
    CHECK(fits.state() == Parser::State::done);
    const auto exceeds = fed(head + "5\r\nabcde\r\n6\r\nabcdef\r\n0\r\n\r\n", 3, {16 * 1024, 10});
    CHECK(exceeds.state() == Parser::State::failed);
    CHECK(exceeds.header_done());
    CHECK(exceeds.status() == 413);
}

TEST_CASE("who expects 100 Continue is told so once the header is there and the body is not", "[api][parser]")
{
    const std::string head = "PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n";
    CHECK_FALSE(fed(head, 5).wants_continue());
    auto parser = fed(head + "\r\n", 5);
    CHECK(parser.wants_continue());
    parser.feed("a");
    CHECK_FALSE(parser.wants_continue());
    parser.feed("b");
    CHECK(parser.state() == Parser::State::done);
}

TEST_CASE("whether the connection goes on follows version and Connection", "[api][parser]")
{
    const auto keeps = [](std::string_view version, std::string_view field) {
        auto parser = fed("GET / " + std::string(version) + "\r\nHost: x\r\n" + std::string(field) + "\r\n", 1000);
        REQUIRE(parser.state() == Parser::State::done);
        return parser.take().keep_alive;
    };
    CHECK(keeps("HTTP/1.1", ""));
    CHECK_FALSE(keeps("HTTP/1.1", "Connection: Close\r\n"));
    CHECK_FALSE(keeps("HTTP/1.0", ""));
    CHECK(keeps("HTTP/1.0", "Connection: keep-alive\r\n"));
}
