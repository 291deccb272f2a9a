// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/client/connection.h"
#include "helpers/client/problem.h"
#include "tests/helpers/client/unix_server.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

using namespace std::chrono_literals;
using client::Connection;
using client::Request;
using client::Settings;
using test::UnixServer;
using Then = UnixServer::Then;

namespace {

Request get(std::string target)
{
    Request request;
    request.target = std::move(target);
    return request;
}

Connection connect(const UnixServer& server) { return Connection(Settings{.socket_path = server.path()}); }

std::string line_of(base::Result<client::StreamEvent> event)
{
    REQUIRE(event);
    REQUIRE(std::holds_alternative<client::Line>(*event));
    return std::get<client::Line>(*event).text;
}

} // namespace

TEST_CASE("requests share one connection and carry their body", "[client][connection]")
{
    UnixServer server([](UnixServer::Peer& peer) {
        peer.reply(200, peer.method + peer.target + peer.body);
        return Then::keep;
    });
    auto connection = connect(server);
    CHECK(connection.ask(get("/a")).value().body == "GET/a");
    Request post;
    post.method = "POST";
    post.target = "/b?c=d";
    post.body = std::string(300'000, 'x');
    CHECK(connection.ask(post).value().body == "POST/b?c=d" + post.body);
    CHECK(connection.ask(get("/e")).value().status == 200);
    CHECK(server.connections() == 1);
}

TEST_CASE("a kept connection that the daemon closed is opened again", "[client][connection]")
{
    UnixServer server([](UnixServer::Peer& peer) {
        peer.reply(200, "{}");
        return Then::close;
    });
    auto connection = connect(server);
    for (int i = 0; i < 3; ++i) CHECK(connection.ask(get("/")).value().status == 200);
    CHECK(server.connections() == 3);
}

TEST_CASE("a problem keeps the daemon's sentence and becomes an error code", "[client][problem]")
{
    struct Row {
        int status;
        std::string body;
        base::Errc code;
        std::string message;
    };
    for (const auto& row : std::vector<Row>{
             {404, R"({"kind":"not_found","detail":"there is no service \"x\""})", base::Errc::not_found,
              "there is no service \"x\""},
             {409, R"({"kind":"conflict","detail":"it is stopping"})", base::Errc::conflict, "it is stopping"},
             {403, R"({"kind":"forbidden","detail":"needs admin"})", base::Errc::not_permitted, "needs admin"},
             {503, R"({"title":"unavailable"})", base::Errc::unavailable, "unavailable"},
             {400, "<html>", base::Errc::bad_input, "the daemon answered with status 400 and no reason"},
             {418, "[]", base::Errc::bad_input, "the daemon answered with status 418 and no reason"},
             {500, R"({"kind":7,"detail":null})", base::Errc::corrupt,
              "the daemon answered with status 500 and no reason"}}) {
        const client::Reply reply{row.status, "application/problem+json", row.body};
        const auto value = client::value_of(reply);
        REQUIRE_FALSE(value);
        CHECK(value.error().code == row.code);
        CHECK(value.error().message() == row.message);
    }
    CHECK(client::value_of({200, "", "nonsense"}).error().code == base::Errc::corrupt);
    CHECK(client::value_of({200, "", std::string(100'000, '[')}).error().code == base::Errc::corrupt);
    CHECK(client::value_of({202, "", "{}"}));
}

TEST_CASE("failures to connect say what is wrong", "[client][connection]")
{
    const auto message = [](const std::string& path) {
        return Connection(Settings{.socket_path = path}).ask(get("/")).error().message();
    };
    CHECK(message("/nonexistent/api.socket") ==
          "cannot connect to /nonexistent/api.socket (is ctdb-processd running?): No such file or directory");
    CHECK(message("") == "the path of the daemon's socket is empty");
    CHECK(message("/" + std::string(150, 'x')).ends_with(" is too long: at most 107 bytes are possible"));
    UnixServer server([](UnixServer::Peer&) { return Then::close; });
    server.stop_listening();
    CHECK(message(server.path()) ==
          "cannot connect to " + server.path() + " (is ctdb-processd running?): Connection refused");
}

TEST_CASE("connecting to a daemon whose backlog is full ends at the deadline", "[client][connection]")
{
    std::string directory = (std::filesystem::temp_directory_path() / "processctl-test-XXXXXX").string();
    REQUIRE(::mkdtemp(directory.data()) != nullptr);
    const std::string path = directory + "/s";
    const base::UniqueFd listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener.get(), 0) == 0);
    const base::UniqueFd filler{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(::connect(filler.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const auto reply = Connection(Settings{.socket_path = path, .connect_timeout = 30ms}).ask(get("/"));
    std::filesystem::remove_all(directory);
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == base::Errc::timed_out);
    CHECK(reply.error().message() == "cannot connect to " + path + ": the daemon takes no more connections");
}

TEST_CASE("a daemon that does not answer is given up at the deadline", "[client][connection]")
{
    UnixServer server([](UnixServer::Peer& peer) {
        if (peer.target == "/head") peer.send("HTTP/1.1 200 OK\r\nContent-Le");
        if (peer.target == "/body") peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
        peer.wait_for_close();
        return Then::close;
    });
    for (const auto* target : {"/nothing", "/head", "/body"}) {
        CAPTURE(target);
        Connection connection(Settings{.socket_path = server.path(), .answer_timeout = 20ms});
        const auto reply = connection.ask(get(target));
        REQUIRE_FALSE(reply);
        CHECK(reply.error().code == base::Errc::timed_out);
        CHECK(reply.error().message() == "the daemon does not answer");
    }
}

TEST_CASE("a reply that breaks off or is nonsense is an error", "[client][connection]")
{
    UnixServer server([](UnixServer::Peer& peer) {
        if (peer.target == "/half") peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
        if (peer.target == "/noise") peer.send("\x16\x03\x01garbage\n");
        if (peer.target == "/more") peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n");
        return Then::close;
    });
    auto connection = connect(server);
    CHECK(connection.ask(get("/half")).error().code == base::Errc::unavailable);
    CHECK(connection.ask(get("/nothing")).error().code == base::Errc::unavailable);
    CHECK(connection.ask(get("/noise")).error().code == base::Errc::corrupt);
    CHECK(connection.ask(get("/more")).error().code == base::Errc::corrupt);
}

TEST_CASE("a reply larger than allowed is refused", "[client][connection]")
{
    UnixServer server([](UnixServer::Peer& peer) {
        peer.reply(200, std::string(500'000, 'x'));
        return Then::close;
    });
    Connection connection(Settings{.socket_path = server.path(), .max_body_bytes = 100'000});
    CHECK(connection.ask(get("/")).error().code == base::Errc::limit);
}

TEST_CASE("a refusal before the request was read is still read", "[client][connection]")
{
    // As the daemon does at accept with someone it does not know: the reply, then close, with the request unread.
    std::string directory = (std::filesystem::temp_directory_path() / "processctl-test-XXXXXX").string();
    REQUIRE(::mkdtemp(directory.data()) != nullptr);
    const std::string path = directory + "/s";
    const base::UniqueFd listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener.get(), 8) == 0);
    std::thread refuser([&] {
        const base::UniqueFd peer{::accept(listener.get(), nullptr, nullptr)};
        const std::string reply = "HTTP/1.1 403 Forbidden\r\nContent-Length: 20\r\n\r\n{\"detail\":\"go away\"}";
        ::send(peer.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
    });
    Request large;
    large.method = "POST";
    large.target = "/";
    large.body = std::string(1'000'000, 'x');
    const auto reply = Connection(Settings{.socket_path = path}).ask(large);
    refuser.join();
    std::filesystem::remove_all(directory);
    REQUIRE(reply);
    CHECK(reply->status == 403);
    CHECK(client::problem_of(*reply).message() == "go away");
}

TEST_CASE("a stream gives its lines as they come and then its end", "[client][connection]")
{
    UnixServer server([](UnixServer::Peer& peer) {
        peer.begin_stream();
        peer.line(R"({"n":1})");
        peer.send("3\r\n{\"n\r\n"); // a line in two chunks
        peer.send("5\r\n\":2}\n\r\n");
        peer.line(std::string(200'000, 'x'));
        peer.line("");
        peer.end_stream();
        return Then::keep;
    });
    auto connection = connect(server);
    REQUIRE(connection.open_stream(get("/")).value().type == "application/x-ndjson");
    CHECK(line_of(connection.next()) == R"({"n":1})");
    CHECK(line_of(connection.next()) == R"({"n":2})");
    CHECK(line_of(connection.next()).size() == 200'000);
    CHECK(line_of(connection.next()).empty());
    auto end = connection.next();
    REQUIRE(end);
    CHECK(std::holds_alternative<client::End>(*end));
    CHECK(connection.open_stream(get("/")).value().status == 200);
    CHECK(server.connections() == 1);
}

TEST_CASE("a stream that is cut off is an error, its whole lines come first", "[client][connection]")
{
    UnixServer server([](UnixServer::Peer& peer) {
        peer.begin_stream();
        peer.line("one");
        peer.send("5\r\nha");
        return Then::close;
    });
    auto connection = connect(server);
    REQUIRE(connection.open_stream(get("/")));
    CHECK(line_of(connection.next()) == "one");
    const auto cut = connection.next();
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == base::Errc::unavailable);
    CHECK_FALSE(connection.next());
}

TEST_CASE("a stream request that is refused has the problem whole", "[client][connection]")
{
    UnixServer server([](UnixServer::Peer& peer) {
        peer.reply(404, R"({"detail":"no such run"})", "application/problem+json; charset=utf-8");
        return Then::keep;
    });
    auto connection = connect(server);
    const auto reply = connection.open_stream(get("/")).value();
    CHECK_FALSE(reply.ok());
    CHECK(reply.type == "application/problem+json");
    CHECK(client::problem_of(reply).message() == "no such run");
}

TEST_CASE("a waiting stream wakes up for its caller and goes on", "[client][connection]")
{
    const base::UniqueFd wake{::eventfd(0, EFD_CLOEXEC)};
    const base::UniqueFd go_on{::eventfd(0, EFD_CLOEXEC)};
    UnixServer server([&](UnixServer::Peer& peer) {
        peer.begin_stream();
        peer.line("one");
        eventfd_t value = 0;
        ::eventfd_read(go_on.get(), &value);
        peer.line("two");
        peer.end_stream();
        return Then::keep;
    });
    Connection connection(Settings{.socket_path = server.path(), .wake_fd = wake.get()});
    REQUIRE(connection.open_stream(get("/")));
    CHECK(line_of(connection.next()) == "one");
    ::eventfd_write(wake.get(), 1);
    auto woken = connection.next();
    REQUIRE(woken);
    CHECK(std::holds_alternative<client::Woken>(*woken));
    eventfd_t value = 0;
    ::eventfd_read(wake.get(), &value);
    ::eventfd_write(go_on.get(), 1);
    CHECK(line_of(connection.next()) == "two");
}

TEST_CASE("waiting for a reply's head is interrupted by the wake fd", "[client][connection]")
{
    const base::UniqueFd wake{::eventfd(1, EFD_CLOEXEC)};
    UnixServer server([](UnixServer::Peer& peer) {
        peer.wait_for_close();
        return Then::close;
    });
    Connection connection(Settings{.socket_path = server.path(), .wake_fd = wake.get()});
    const auto reply = connection.open_stream(get("/"));
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == std::errc::interrupted);
}

TEST_CASE("path and query values are encoded", "[client]")
{
    CHECK(client::encoded("smbd@node-1.x_y~z:q") == "smbd@node-1.x_y~z:q");
    CHECK(client::encoded("a b/c?d&e=f%\n\xc3\xa4") == "a%20b%2Fc%3Fd%26e%3Df%25%0A%C3%A4");
}
