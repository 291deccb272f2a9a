// SPDX-License-Identifier: GPL-3.0-or-later
// Streamed replies: followers that read, that read slowly, and that leave without a word.
#include "tests/processd/api/served.h"

#include <catch2/catch.hpp>

using namespace api_test;
using namespace processd;

namespace {

void extend(Served& served, std::size_t by)
{
    served.on_loop([&] {
        served.feed.last += by;
        served.feed.wake();
    });
}

// The bodies of chunks put together; fails on anything that is not chunked coding.
std::string unchunked(std::string_view bytes)
{
    std::string text;
    for (;;) {
        const auto line = bytes.find("\r\n");
        if (line == std::string_view::npos) return text;
        const auto size = std::stoul(std::string(bytes.substr(0, line)), nullptr, 16);
        if (size == 0) return text + "<end>";
        text += bytes.substr(line + 2, size);
        REQUIRE(bytes.size() >= line + 4 + size);
        REQUIRE(bytes.substr(line + 2 + size, 2) == "\r\n");
        bytes.remove_prefix(line + 4 + size);
    }
}

} // namespace

TEST_CASE("a follower gets the header at once and each line as it comes", "[api][stream]")
{
    Served served;
    auto client = served.connect();
    client.send(get("/feed"));
    const auto head = client.read_until("\r\n\r\n");
    CHECK(status_of(head) == 200);
    CHECK(head.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
    CHECK(head.find("Content-Type: application/x-ndjson\r\n") != std::string::npos);
    extend(served, 2);
    CHECK(client.read_until("line 1\n\r\n") == "0000000e\r\nline 0\nline 1\n\r\n");
    extend(served, 1);
    CHECK(client.read_until("\n\r\n") == "00000007\r\nline 2\n\r\n");
    served.on_loop([&] { CHECK(served.server->followers() == 1); });
}

TEST_CASE("behind a stream that ends the connection goes on", "[api][stream]")
{
    Served served;
    served.on_loop([&] {
        served.feed.last = 3;
        served.feed.ended = true;
    });
    auto client = served.connect();
    client.send(get("/feed") + get("/next"));
    client.read_until("\r\n\r\n");
    CHECK(unchunked(client.read_until("0\r\n\r\n")) == "line 0\nline 1\nline 2\n<end>");
    CHECK(body_of(client.read_response()) == "GET /next 0 ");
    served.on_loop([&] { CHECK(served.feed.leavers == 1); });
}

TEST_CASE("HTTP/1.0 and HEAD get the stream in their own way", "[api][stream]")
{
    Served served;
    served.on_loop([&] {
        served.feed.last = 1;
        served.feed.ended = true;
    });
    auto old = served.connect();
    old.send("GET /feed HTTP/1.0\r\n\r\n");
    CHECK(old.read_until("\r\n\r\n").find("Connection: close\r\n") != std::string::npos);
    CHECK(old.read_to_end() == "line 0\n<eof>");
    auto head = served.connect();
    head.send("HEAD /feed HTTP/1.1\r\nHost: x\r\n\r\n" + get("/next"));
    CHECK(head.read_until("\r\n\r\n").find("Transfer-Encoding: chunked\r\n") != std::string::npos);
    CHECK(body_of(head.read_response()) == "GET /next 0 ");
    CHECK(served.wait_until([&] { return served.feed.leavers == 2; }));
}

TEST_CASE("a quiet follower that leaves is noticed though nothing is written", "[api][stream]")
{
    Served served;
    const bool half_first = GENERATE(false, true);
    {
        auto client = served.connect();
        client.send(get("/feed"));
        if (half_first) client.half_close();
        client.read_until("\r\n\r\n");
        REQUIRE(served.wait_until([&] { return served.feed.readers.size() == 1; }));
        extend(served, 1);
        client.read_until("line 0\n"); // also a half-closed one is served
    }
    CHECK(served.wait_until([&] { return served.feed.leavers == 1 && served.server->connections() == 0; }));
}

TEST_CASE("a slow follower costs bounded memory and finds a gap where it was too far behind", "[api][stream]")
{
    api::Bounds bounds;
    bounds.stream_backlog_bytes = 64 * 1024;
    Served served(bounds);
    served.on_loop([&] {
        served.feed.kept = 100;
        served.feed.padding = 1000;
    });
    auto slow = served.connect();
    slow.send(get("/feed"));
    slow.read_until("\r\n\r\n");
    for (int i = 0; i < 200; ++i) extend(served, 50); // 10 MB, of which 100 kB are kept and some 300 kB are under way
    served.on_loop([&] { served.feed.ended = true; });
    extend(served, 0);
    const std::string text = unchunked(slow.read_until("0\r\n\r\n"));
    CHECK(text.ends_with("<end>"));
    std::size_t at = text.find("gap ");
    REQUIRE(at != std::string::npos);
    CHECK(text.find("gap ", at + 1) == std::string::npos);
    const auto from = std::stoul(text.substr(at + 4));
    const auto to = std::stoul(text.substr(text.find(' ', at + 4)));
    CHECK(to == 9900);
    CHECK(from < 1000);
    CHECK(text.find("line " + std::to_string(from - 1) + ".") < at);    // the last line before the gap
    CHECK(text.find("line " + std::to_string(to) + ".") < text.size()); // the first one behind it
    CHECK(text.find("line " + std::to_string(from) + ".") == std::string::npos);
    CHECK(text.find("line 9999.") != std::string::npos);
}

TEST_CASE("a fast source does not keep other clients waiting", "[api][stream]")
{
    api::Bounds bounds;
    bounds.stream_backlog_bytes = 64 * 1024;
    Served served(bounds);
    auto follower = served.connect();
    follower.send(get("/feed"));
    follower.read_until("\r\n\r\n");
    std::thread reader([&] { follower.read_until("line 299999\n"); });
    auto other = served.connect();
    extend(served, 300'000);
    for (int i = 0; i < 20; ++i) {
        other.send(get("/x"));
        CHECK(body_of(other.read_response()) == "GET /x 0 ");
    }
    reader.join();
}

TEST_CASE("a follower that sends and sends is closed", "[api][stream]")
{
    Served served;
    auto client = served.connect();
    client.send(get("/feed"));
    client.read_until("\r\n\r\n");
    client.try_send(std::string(1'000'000, 'x'));
    CHECK(served.wait_until([&] { return served.feed.leavers == 1 && served.server->connections() == 0; }));
}
