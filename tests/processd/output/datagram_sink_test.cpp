// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/line_format.h"
#include "processd/output/sink.h"
#include "tests/processd/store/support.h"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <cstring>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

using namespace processd::output;
using namespace std::chrono_literals;

namespace {

base::UniqueFd listen_at(const std::string& path)
{
    base::UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

std::string receive(int fd)
{
    std::string data(1U << 20U, '\0');
    const auto n = ::recv(fd, data.data(), data.size(), 0);
    REQUIRE(n >= 0);
    data.resize(static_cast<std::size_t>(n));
    return data;
}

std::string message(const std::string& text)
{
    LogLine line;
    line.service = "web";
    line.run = "1";
    line.data = text;
    std::string made;
    append_line(made, {processd::model::LineFormat::journald}, line);
    return made;
}

struct Stop {
    base::UniqueFd fd{::eventfd(0, EFD_CLOEXEC)};
    void now() const { ::eventfd_write(fd.get(), 1); }
};

} // namespace

TEST_CASE("each message is a datagram", "[output][datagram_sink]")
{
    test::TemporaryDirectory tmp;
    const auto receiver = listen_at(tmp / "socket");
    const Stop stop;
    auto sink = make_datagram_sink(tmp / "socket", "");
    CHECK(sink->name() == (tmp / "socket"));
    const auto one = message("one"), two = message("two");
    CHECK(sink->write(one + two, stop.fd.get()) == one.size());
    CHECK(sink->write(two, stop.fd.get()) == two.size());
    CHECK(receive(receiver.get()).starts_with("MESSAGE=one\n"));
    CHECK(receive(receiver.get()).starts_with("MESSAGE=two\n"));
}

TEST_CASE("a receiver that is gone is told, and one that is back is found", "[output][datagram_sink]")
{
    test::TemporaryDirectory tmp;
    const Stop stop;
    auto sink = make_datagram_sink(tmp / "socket", "");
    const auto one = message("one");
    CHECK(sink->write(one, stop.fd.get()).error().code.value() == ENOENT);
    {
        const auto receiver = listen_at(tmp / "socket");
        CHECK(sink->write(one, stop.fd.get()));
    }
    CHECK(sink->write(one, stop.fd.get()).error().code.value() == ECONNREFUSED);
    std::filesystem::remove(tmp / "socket");
    const auto receiver = listen_at(tmp / "socket");
    CHECK(sink->write(one, stop.fd.get()));
    CHECK(receive(receiver.get()).starts_with("MESSAGE=one\n"));
}

TEST_CASE("a receiver that does not read is waited for until told to stop", "[output][datagram_sink]")
{
    test::TemporaryDirectory tmp;
    const auto receiver = listen_at(tmp / "socket");
    const Stop stop;
    auto sink = make_datagram_sink(tmp / "socket", "");
    const auto one = message("one");
    int sent = 0;
    std::thread stopper;
    base::Result<std::size_t> result;
    while ((result = sink->write(one, stop.fd.get())))
        if (++sent == 5) stopper = std::thread{[&] { stop.now(); }}; // more than five fit, or it stops at once
    stopper.join();
    CHECK(result.error().code.value() == ECANCELED);
    for (int i = 0; i < sent; ++i) CHECK(receive(receiver.get()).starts_with("MESSAGE=one\n"));
}

TEST_CASE("room at the receiver ends the wait", "[output][datagram_sink]")
{
    test::TemporaryDirectory tmp;
    const auto receiver = listen_at(tmp / "socket");
    const Stop stop;
    auto sink = make_datagram_sink(tmp / "socket", "");
    constexpr int count = 5000; // more than any queue of datagrams
    std::thread reader{[&] {
        for (int i = 0; i < count; ++i) (void)::recv(receiver.get(), nullptr, 0, 0);
    }};
    int sent = 0;
    while (sent < count && sink->write(message("x"), stop.fd.get())) ++sent;
    reader.join();
    CHECK(sent == count);
}

TEST_CASE("a message larger than the socket takes goes as a sealed file", "[output][datagram_sink]")
{
    test::TemporaryDirectory tmp;
    const auto receiver = listen_at(tmp / "socket");
    const Stop stop;
    auto sink = make_datagram_sink(tmp / "socket", "");
    const std::string text(4U << 20U, 'x');
    const auto big = message(text);
    REQUIRE(sink->write(big, stop.fd.get()) == big.size());
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr head{};
    head.msg_iov = &data;
    head.msg_iovlen = 1;
    head.msg_control = control.data();
    head.msg_controllen = control.size();
    REQUIRE(::recvmsg(receiver.get(), &head, MSG_CMSG_CLOEXEC) == 0);
    REQUIRE(CMSG_FIRSTHDR(&head) != nullptr);
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&head)), sizeof fd);
    const base::UniqueFd file{fd};
    CHECK((::fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE) != 0);
    std::string content(big.size(), '\0');
    CHECK(::pread(fd, content.data(), content.size(), 0) == static_cast<ssize_t>(big.size() - 4));
    CHECK(content.starts_with("MESSAGE=" + text + "\n"));
}

TEST_CASE("by UDP a message that nobody takes is not called sent", "[output][datagram_sink]")
{
    base::UniqueFd receiver{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(receiver.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(receiver.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    const Stop stop;
    auto sink = make_datagram_sink("", "127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
    const auto one = message("one");
    CHECK(sink->write(one, stop.fd.get()) == one.size());
    CHECK(receive(receiver.get()).starts_with("MESSAGE=one\n"));
    receiver.reset();
    for (int i = 0; i < 3; ++i) CHECK(sink->write(one, stop.fd.get()).error().code.value() == ECONNREFUSED);
}
