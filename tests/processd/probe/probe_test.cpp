// SPDX-License-Identifier: GPL-3.0-or-later
// Real sockets on the loopback, on a real loop. That probes understand rpcbind, statd and web servers is shown by
// tests/system/services-are-asked-whether-ready.sh.
#include "processd/probe/probe.h"

#include <arpa/inet.h>
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

using namespace processd;
using namespace std::chrono_literals;
using model::ProbeKind;

namespace {

// What was asked, and "yes" or the problem.
std::string ask(const model::ProbeSpec& spec, base::Duration timeout = 20s)
{
    loop::Loop loop;
    std::string said;
    std::unique_ptr<probe::Probe> probe;
    probe = std::make_unique<probe::Probe>(loop, spec, timeout, [&](const base::Result<void>& result) {
        said = result ? "yes" : result.error().message();
        probe.reset(); // from inside its callback
        loop.stop();
    });
    CHECK(said.empty()); // never from inside the constructor
    loop.run();
    return said;
}

struct Server {
    base::UniqueFd fd;
    std::uint16_t port = 0;
};

Server listener(int type)
{
    Server server;
    server.fd.reset(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(server.fd.get(), reinterpret_cast<const sockaddr*>(&in), sizeof in) == 0);
    if (type == SOCK_STREAM) REQUIRE(::listen(server.fd.get(), 1) == 0);
    socklen_t size = sizeof in;
    REQUIRE(::getsockname(server.fd.get(), reinterpret_cast<sockaddr*>(&in), &size) == 0);
    server.port = ntohs(in.sin_port);
    return server;
}

model::ProbeSpec at(ProbeKind kind, std::uint16_t port)
{
    model::ProbeSpec spec;
    spec.kind = kind;
    spec.host = "127.0.0.1";
    spec.port = port;
    spec.path = "/";
    spec.program = 100003;
    spec.version = 3;
    return spec;
}

// Accepts one connection, reads a bit, answers and closes.
std::thread answer_once(const Server& server, std::string answer)
{
    return std::thread([fd = server.fd.get(), answer = std::move(answer)] {
        const base::UniqueFd peer{::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC)};
        std::array<char, 1024> bytes; // NOLINT: filled by recv
        if (::recv(peer.get(), bytes.data(), bytes.size(), 0) > 0) [[maybe_unused]]
            const auto sent = ::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    });
}

} // namespace

TEST_CASE("a port that is listened at is a yes, one that is not says why", "[probe]")
{
    Server server = listener(SOCK_STREAM);
    CHECK(ask(at(ProbeKind::tcp, server.port)) == "yes");
    server.fd.reset();
    CHECK(ask(at(ProbeKind::tcp, server.port)) == "connect: Connection refused");
}

TEST_CASE("so is a Unix socket", "[probe]")
{
    std::array<char, 32> name{"/tmp/processd-test-XXXXXX"};
    const std::string directory = ::mkdtemp(name.data());
    model::ProbeSpec spec;
    spec.kind = ProbeKind::unix;
    spec.socket = directory + "/s";
    CHECK(ask(spec) == "connect: No such file or directory");
    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    std::strcpy(&un.sun_path[0], spec.socket.c_str()); // NOLINT: it fits
    const base::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&un), sizeof un) == 0);
    CHECK(ask(spec) == "connect: Connection refused");
    REQUIRE(::listen(fd.get(), 1) == 0);
    CHECK(ask(spec) == "yes");
    ::unlink(spec.socket.c_str());
    ::rmdir(directory.c_str());
    spec.socket = "/" + std::string(200, 'x');
    CHECK(ask(spec) == "the path of a socket has at most 107 bytes: File name too long");
}

TEST_CASE("an HTTP server's status decides", "[probe]")
{
    const auto server = listener(SOCK_STREAM);
    const auto answered = [&](const std::string& answer) {
        auto thread = answer_once(server, answer);
        const auto said = ask(at(ProbeKind::http, server.port));
        thread.join();
        return said;
    };
    CHECK(answered("HTTP/1.1 200 OK\r\n\r\nbody") == "yes");
    CHECK(answered("HTTP/1.0 302 Found\r\n\r\n") == "yes");
    CHECK(answered("HTTP/1.1 503 Service Unavailable\r\n\r\n") == "it answered with status 503");
    CHECK(answered("220 mail ESMTP\r\n") == "its answer is not one of HTTP");
    CHECK(answered("") == "it closed the connection without an answer");
}

TEST_CASE("a server that takes the connection and says nothing is late", "[probe]")
{
    const auto server = listener(SOCK_STREAM);
    CHECK(ask(at(ProbeKind::http, server.port), 50ms) == "no answer within 50ms");
    CHECK(ask(at(ProbeKind::rpc, server.port), 50ms) == "no answer within 50ms");
}

TEST_CASE("a datagram that is lost is sent again", "[probe]")
{
    const auto server = listener(SOCK_DGRAM);
    auto spec = at(ProbeKind::rpc, server.port);
    spec.udp = true;
    std::thread thread([fd = server.fd.get()] {
        std::array<char, 1024> bytes;                    // NOLINT: filled by recvfrom
        (void)::recv(fd, bytes.data(), bytes.size(), 0); // the first one goes unheard
        sockaddr_in from{};
        socklen_t size = sizeof from;
        if (::recvfrom(fd, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &size) < 40) return;
        std::string reply(bytes.data(), 4); // its xid
        reply.append(std::string("\0\0\0\1", 4)).append(16, '\0');
        ::sendto(fd, reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
    });
    CHECK(ask(spec) == "yes");
    thread.join();
}

TEST_CASE("a probe that is destroyed says nothing", "[probe]")
{
    const auto server = listener(SOCK_STREAM);
    loop::Loop loop;
    bool said = false;
    {
        const probe::Probe probe(loop, at(ProbeKind::tcp, server.port), 1s,
                                 [&](const base::Result<void>&) { said = true; });
    }
    loop::Timer end(loop, [&] { loop.stop(); });
    end.at(base::now() + 20ms);
    loop.run();
    CHECK_FALSE(said);
}
