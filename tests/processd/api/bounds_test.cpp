// SPDX-License-Identifier: GPL-3.0-or-later
// Clients that are slow, greedy, broken, or should not be here at all: each is bounded, and the others are served.
#include "tests/processd/api/served.h"

#include <catch2/catch.hpp>
#include <sys/syscall.h>
#include <unistd.h>

using namespace api_test;
using namespace processd;
using namespace std::chrono_literals;

namespace {

api::Bounds short_times()
{
    api::Bounds bounds;
    bounds.idle_timeout = 150ms;
    bounds.request_timeout = 100ms;
    bounds.write_timeout = 150ms;
    return bounds;
}

const std::string bare_400 = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n<eof>";

} // namespace

TEST_CASE("an idle connection is closed without a word, before and between requests", "[api][bounds]")
{
    Served served(short_times());
    auto fresh = served.connect();
    auto used = served.connect();
    used.send(get("/x"));
    CHECK(status_of(used.read_response()) == 200);
    CHECK(fresh.read_to_end() == "<eof>");
    CHECK(used.read_to_end() == "<eof>");
    served.on_loop([&] { CHECK(served.server->connections() == 0); });
}

TEST_CASE("a request that does not get complete is answered 408", "[api][bounds]")
{
    Served served(short_times());
    auto header = served.connect();
    auto body = served.connect();
    auto trickle = served.connect();
    header.send("GET / HTTP/1.1\r\nHo");
    body.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    CHECK(header.read_to_end() ==
          "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n<eof>");
    const auto problem = body.read_to_end();
    CHECK(status_of(problem) == 408);
    CHECK(problem.find(R"("kind":"request_timeout")") != std::string::npos);
    // A byte now and then does not move the deadline.
    const auto begin = base::now();
    trickle.send("GET / HTTP/1.1\r\nHost: x\r\n");
    while (base::now() < begin + 5s && trickle.read_now().empty()) {
        (void)trickle.try_send("A: b\r\n");
        std::this_thread::yield();
    }
    CHECK(base::now() < begin + 5s);
}

TEST_CASE("while a handler works on the answer there is no deadline", "[api][bounds]")
{
    Served served(short_times());
    auto waiting = served.connect();
    auto following = served.connect();
    waiting.send(get("/later"));
    following.send(get("/feed"));
    following.read_until("\r\n\r\n");
    auto idle = served.connect();
    idle.read_to_end(); // so much time has passed
    auto idle_again = served.connect();
    idle_again.read_to_end();
    served.on_loop([&] {
        REQUIRE(served.waiting.size() == 1);
        served.waiting.front()->reply({200, "text/plain", "well", {}});
        served.waiting.clear();
        served.feed.last = 1;
        served.feed.wake();
    });
    CHECK(body_of(waiting.read_response()) == "well");
    CHECK(following.read_until("\n").ends_with("line 0\n") == false); // the size line of the chunk comes first
    CHECK(following.read_until("\n") == "line 0\n");
}

TEST_CASE("an answer that nobody reads is given up", "[api][bounds]")
{
    Served served(short_times());
    auto client = served.connect();
    client.send(get("/big/8000000"));
    REQUIRE(served.wait_until([&] { return served.server->connections() == 1; }));
    CHECK(served.wait_until([&] { return served.server->connections() == 0; }));
    const auto all = client.read_to_end();
    CHECK(all.size() < 8'000'000);
}

TEST_CASE("an answer that is read slowly is not given up", "[api][bounds]")
{
    auto bounds = short_times();
    bounds.idle_timeout = 60ms;
    Served served(bounds);
    auto client = served.connect();
    client.send(get("/big/5000000"));
    CHECK(status_of(client.read_until("\r\n\r\n")) == 200);
    std::size_t got = 0;
    for (int i = 0; i < 8; ++i) { // in all longer than the limit, which stands for no progress at all
        got += client.sip().size();
        served.connect().read_to_end(); // takes the time until an idle connection is closed
    }
    const auto rest = client.read_until(std::string(5'000'000 - got, 'b'));
    CHECK(rest.size() == 5'000'000 - got);
}

TEST_CASE("bytes that are no HTTP get a bare answer and the end, and the server goes on", "[api][bounds]")
{
    Served served;
    const std::string garbage[] = {
        "hello\r\n\r\n",
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + "\r\n\r\n",
        std::string(100'000, '\0'),
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    };
    for (const auto& bytes : garbage) {
        auto client = served.connect();
        client.try_send(bytes);
        CHECK(client.read_to_end() == bare_400);
    }
    auto client = served.connect();
    client.send("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(1'000'000, 'a'));
    CHECK(client.read_to_end().starts_with("HTTP/1.1 431 "));
    CHECK(served.wait_until([&] { return served.server->connections() == 0; }));
    auto good = served.connect();
    good.send(get("/x"));
    CHECK(status_of(good.read_response()) == 200);
}

TEST_CASE("behind garbage nothing is answered any more", "[api][bounds]")
{
    Served served;
    auto client = served.connect();
    client.send(get("/1") + "garbage\r\n\r\n" + get("/2"));
    CHECK(body_of(client.read_response()) == "GET /1 0 ");
    CHECK(client.read_to_end() == bare_400);
}

TEST_CASE("a body beyond the limit is refused with the limit, and the client that is still sending reads it",
          "[api][bounds]")
{
    api::Bounds bounds;
    bounds.request.body_bytes = 1000;
    Served served(bounds);
    const std::string requests[] = {
        "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nf4240\r\n",
    };
    for (const auto& head : requests) {
        auto client = served.connect();
        client.send(head + std::string(1'000'000, 'a'));
        const auto response = client.read_response();
        CHECK(status_of(response) == 413);
        CHECK(response.find("application/problem+json") != std::string::npos);
        CHECK(response.find("Connection: close\r\n") != std::string::npos);
        CHECK(body_of(response).find(R"("limit":1000)") != std::string::npos);
        CHECK(body_of(response).find(R"("kind":"too_large")") != std::string::npos);
        CHECK(client.read_to_end() == "<eof>");
    }
}

TEST_CASE("a client that sends ahead of a waiting answer is not read without bound", "[api][bounds]")
{
    Served served;
    auto client = served.connect();
    client.send(get("/later"));
    REQUIRE(served.wait_until([&] { return served.waiting.size() == 1; }));
    std::thread sender([&] {
        for (int i = 0; i < 20'000; ++i)
            if (!client.try_send(get("/" + std::to_string(i)))) return;
    });
    served.on_loop([&] {
        served.waiting.front()->reply({200, "text/plain", "go on", {}});
        served.waiting.clear();
    });
    CHECK(body_of(client.read_response()) == "go on");
    int right = 0;
    for (int i = 0; i < 20'000; ++i)
        right += body_of(client.read_response()) == "GET /" + std::to_string(i) + " 0 " ? 1 : 0;
    sender.join();
    CHECK(right == 20'000);
}

TEST_CASE("who has no access is closed before a byte is read", "[api][bounds]")
{
    Served served({}, [](const auto&) { return model::Access::none; });
    auto client = served.connect();
    client.try_send(get("/x"));
    const auto all = client.read_to_end();
    CHECK((all == "<eof>" || all == "<reset>"));
    served.on_loop([&] { CHECK(served.server->connections() == 0); });
}

TEST_CASE("the level is decided from the peer's identity", "[api][bounds]")
{
    std::vector<api::Peer> seen;
    Served served({}, [&](const api::Peer& peer) {
        seen.push_back(peer);
        return model::Access::read;
    });
    auto client = served.connect();
    client.send(get("/later"));
    REQUIRE(served.wait_until([&] { return served.waiting.size() == 1; }));
    served.on_loop([&] {
        REQUIRE(seen.size() == 1);
        CHECK(seen[0].uid == ::geteuid());
        CHECK(seen[0].gid == ::getegid());
        CHECK(seen[0].pid == ::getpid());
        std::vector<gid_t> groups(static_cast<std::size_t>(::getgroups(0, nullptr)));
        REQUIRE(::getgroups(static_cast<int>(groups.size()), groups.data()) >= 0);
        CHECK(seen[0].groups == groups);
        CHECK(served.waiting.front()->request().peer == seen[0]);
        CHECK(served.waiting.front()->request().access == model::Access::read);
        served.waiting.clear();
    });
    CHECK_FALSE(api::command_of(::getpid()).empty());
    CHECK(api::command_of(-1).empty());
}

TEST_CASE("connections beyond the bound get a bare 503, and one that ends makes room", "[api][bounds]")
{
    api::Bounds bounds;
    bounds.connections = 3;
    Served served(bounds);
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(served.connect());
        clients.back().send(get("/x"));
        CHECK(status_of(clients.back().read_response()) == 200);
    }
    auto refused = served.connect();
    CHECK(refused.read_to_end().starts_with("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"));
    clients.pop_back();
    REQUIRE(served.wait_until([&] { return served.server->connections() == 2; }));
    auto admitted = served.connect();
    admitted.send(get("/x"));
    CHECK(status_of(admitted.read_response()) == 200);
}

TEST_CASE("one uid cannot take all connections from another", "[api][bounds]")
{
    if (::geteuid() != 0) {
        WARN("needs root, to connect as somebody else");
        return;
    }
    api::Bounds bounds;
    bounds.connections_per_uid = 2;
    Served served(bounds);
    std::vector<Client> greedy;
    std::string refused;
    // The kernel notes who the connecting thread is, and set*id by its number changes this thread alone.
    std::thread([&] {
        if (::syscall(SYS_setresuid, -1, 54321, -1) != 0) return;
        for (int i = 0; i < 3; ++i) greedy.push_back(served.connect());
        refused = greedy.back().read_to_end();
    }).join();
    CHECK(refused.starts_with("HTTP/1.1 503 "));
    auto other = served.connect();
    other.send(get("/x"));
    CHECK(status_of(other.read_response()) == 200);
    greedy.clear();
    CHECK(served.wait_until([&] { return served.server->connections() == 1; }));
}

TEST_CASE("a crowd that connects at once is served", "[api][bounds]")
{
    Served served;
    std::vector<Client> crowd;
    for (int i = 0; i < 60; ++i) crowd.push_back(served.connect());
    for (auto& client : crowd) client.send(get("/x"));
    int served_count = 0;
    for (auto& client : crowd) served_count += status_of(client.read_response()) == 200 ? 1 : 0;
    CHECK(served_count == 60);
}
