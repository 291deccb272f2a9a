// SPDX-License-Identifier: GPL-3.0-or-later
// Well-behaved clients, and the answers they get.
#include "tests/processd/api/served.h"

#include <catch2/catch.hpp>

using namespace api_test;
using namespace processd;

TEST_CASE("requests follow one another on one connection", "[api][server]")
{
    Served served;
    auto client = served.connect();
    for (int i = 0; i < 50; ++i) {
        client.send(get("/echo?" + std::to_string(i)));
        const auto response = client.read_response();
        REQUIRE(status_of(response) == 200);
        REQUIRE(body_of(response) == "GET /echo?" + std::to_string(i) + " 0 ");
        CHECK(response.find("X-More: yes\r\n") != std::string::npos);
        CHECK(response.find("Content-Type: text/plain\r\n") != std::string::npos);
        CHECK(response.find("Connection:") == std::string::npos);
    }
    std::size_t connections = 0;
    served.on_loop([&] { connections = served.server->connections(); });
    CHECK(connections == 1);
}

TEST_CASE("a request that arrives byte by byte is answered like any other", "[api][server]")
{
    Served served;
    auto client = served.connect();
    const std::string bytes = "PUT /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" + get("/next");
    for (const char c : bytes) client.send({&c, 1});
    CHECK(body_of(client.read_response()) == "PUT /slow 5 hello");
    CHECK(body_of(client.read_response()) == "GET /next 0 ");
}

TEST_CASE("pipelined requests are answered in order, one at a time", "[api][server]")
{
    Served served;
    auto client = served.connect();
    client.send(get("/1") + get("/later") + get("/2") + get("/3"));
    CHECK(body_of(client.read_response()) == "GET /1 0 ");
    REQUIRE(served.wait_until([&] { return served.waiting.size() == 1; }));
    CHECK(client.read_now().empty());
    served.on_loop([&] {
        served.waiting.front()->reply({200, "text/plain", "at last", {}});
        served.waiting.front()->reply({200, "text/plain", "only the first answer counts", {}});
        served.waiting.clear();
    });
    CHECK(body_of(client.read_response()) == "at last");
    CHECK(body_of(client.read_response()) == "GET /2 0 ");
    CHECK(body_of(client.read_response()) == "GET /3 0 ");
}

TEST_CASE("thousands of pipelined requests are all answered, beside another client", "[api][server]")
{
    Served served;
    auto many = served.connect();
    auto other = served.connect();
    constexpr int count = 5000;
    std::thread sender([&] {
        for (int i = 0; i < count; ++i) many.try_send(get("/" + std::to_string(i)));
    });
    other.send(get("/other"));
    CHECK(body_of(other.read_response()) == "GET /other 0 ");
    int right = 0;
    for (int i = 0; i < count; ++i)
        right += body_of(many.read_response()) == "GET /" + std::to_string(i) + " 0 " ? 1 : 0;
    sender.join();
    CHECK(right == count);
}

TEST_CASE("HEAD has the header of GET and no body", "[api][server]")
{
    Served served;
    auto client = served.connect();
    client.send("HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n" + get("/y"));
    const auto head = client.read_until("\r\n\r\n");
    CHECK(head.find("Content-Length: 10\r\n") != std::string::npos);
    CHECK(body_of(client.read_response()) == "GET /y 0 ");
}

TEST_CASE("the end of a connection follows what the client asked for", "[api][server]")
{
    Served served;
    {
        auto client = served.connect();
        client.send(get("/x", "Connection: close\r\n"));
        const auto all = client.read_to_end();
        CHECK(all.find("Connection: close\r\n") != std::string::npos);
        CHECK(all.ends_with("GET /x 0 <eof>"));
    }
    {
        auto client = served.connect();
        client.send("GET /x HTTP/1.0\r\n\r\n");
        CHECK(client.read_to_end().ends_with("GET /x 0 <eof>"));
    }
    {
        auto client = served.connect();
        client.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        CHECK(client.read_response().find("Connection: keep-alive\r\n") != std::string::npos);
        client.send("GET /y HTTP/1.0\r\n\r\n");
        CHECK(client.read_to_end().ends_with("GET /y 0 <eof>"));
    }
    CHECK(served.wait_until([&] { return served.server->connections() == 0; }));
}

TEST_CASE("100 Continue comes before the body that waits for it", "[api][server]")
{
    Served served;
    auto client = served.connect();
    client.send("PUT /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc");
    CHECK(body_of(client.read_response()) == "PUT /x 3 abc");
    client.send("PUT /y HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\ndef"); // does not wait
    CHECK(body_of(client.read_response()) == "PUT /y 3 def");
    client.send("PUT /z HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9000000\r\n\r\n");
    CHECK(status_of(client.read_response()) == 413);
}

TEST_CASE("a large body and a large answer pass whole", "[api][server]")
{
    Served served;
    auto client = served.connect();
    const std::string body(2U << 20U, 'a');
    client.send("PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    CHECK(body_of(client.read_response()) == "PUT /x " + std::to_string(body.size()));
    client.send("PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n" +
                body.substr(0, 0x100000) + "\r\n0\r\n\r\n");
    CHECK(body_of(client.read_response()) == "PUT /x 1048576");
    client.send(get("/big/8000000"));
    CHECK(body_of(client.read_response()) == std::string(8'000'000, 'b'));
}

TEST_CASE("a handler that forgets to answer costs its client an internal error, not for ever", "[api][server]")
{
    Served served;
    auto client = served.connect();
    client.send(get("/drop") + get("/next"));
    const auto response = client.read_response();
    CHECK(status_of(response) == 500);
    CHECK(response.find("application/problem+json") != std::string::npos);
    CHECK(body_of(response).find(R"("kind":"internal")") != std::string::npos);
    CHECK(body_of(client.read_response()) == "GET /next 0 ");
}

TEST_CASE("a target that cannot be decoded is a problem, and the connection goes on", "[api][server]")
{
    Served served;
    auto client = served.connect();
    client.send(get("/v1/%zz") + get("/next"));
    const auto response = client.read_response();
    CHECK(status_of(response) == 400);
    CHECK(body_of(response).find(R"("kind":"bad_request")") != std::string::npos);
    CHECK(body_of(client.read_response()) == "GET /next 0 ");
}

TEST_CASE("a client that half-closed is answered, now and later", "[api][server]")
{
    Served served;
    {
        auto client = served.connect();
        client.send(get("/x") + get("/y"));
        client.half_close();
        const auto all = client.read_to_end();
        CHECK(all.find("GET /x 0 ") != std::string::npos);
        CHECK(all.ends_with("GET /y 0 <eof>"));
    }
    {
        auto client = served.connect();
        client.send(get("/later") + get("/y"));
        client.half_close();
        REQUIRE(served.wait_until([&] { return served.waiting.size() == 1; }));
        served.on_loop([&] {
            CHECK(served.left == 0);
            served.waiting.front()->reply({200, "text/plain", "patience", {}});
            served.waiting.clear();
        });
        const auto all = client.read_to_end();
        CHECK(all.find("patience") != std::string::npos);
        CHECK(all.ends_with("GET /y 0 <eof>"));
    }
    {
        auto client = served.connect();
        client.send("GET /x HT");
        client.half_close();
        CHECK(client.read_to_end() ==
              "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n<eof>");
    }
    {
        auto client = served.connect();
        client.half_close();
        CHECK(client.read_to_end() == "<eof>");
    }
    CHECK(served.wait_until([&] { return served.server->connections() == 0; }));
}

TEST_CASE("who waits for an answer is told of when he leaves, and the answer goes nowhere", "[api][server]")
{
    Served served;
    const bool half_first = GENERATE(false, true);
    {
        auto client = served.connect();
        client.send(get("/later"));
        if (half_first) client.half_close();
        REQUIRE(served.wait_until([&] { return served.waiting.size() == 1; }));
    }
    REQUIRE(served.wait_until([&] { return served.left == 1 && served.server->connections() == 0; }));
    served.on_loop([&] {
        CHECK_FALSE(served.waiting.front()->open());
        served.waiting.front()->reply({200, "text/plain", "anybody?", {}});
        served.waiting.clear();
    });
}

TEST_CASE("a server that goes closes every connection and leaves handles harmless", "[api][server]")
{
    Served served;
    auto idle = served.connect();
    auto waiting = served.connect();
    auto following = served.connect();
    waiting.send(get("/later"));
    following.send(get("/feed"));
    following.read_until("\r\n\r\n");
    REQUIRE(served.wait_until([&] { return served.waiting.size() == 1; }));
    served.destroy_server();
    CHECK(idle.read_to_end() == "<eof>");
    CHECK(waiting.read_to_end() == "<eof>");
    CHECK(following.read_to_end() == "<eof>");
    served.on_loop([&] {
        CHECK(served.left == 0);
        CHECK(served.feed.leavers == 1);
        served.waiting.front()->reply({200, "text/plain", "anybody?", {}});
        served.waiting.clear();
    });
}
