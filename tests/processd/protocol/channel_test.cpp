// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/protocol/channel.h"

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace processd::protocol;

namespace {

struct Pair {
    Pair()
    {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
        a.reset(ends[0]);
        b.reset(ends[1]);
    }
    base::UniqueFd a, b;
};

Received receive(int fd)
{
    auto received = receive_message(fd);
    REQUIRE(received);
    REQUIRE(received->has_value());
    return std::move(**received);
}

} // namespace

TEST_CASE("a message arrives with header, body and descriptors", "[protocol][channel]")
{
    Pair pair;
    std::array<int, 2> pipe{};
    REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
    const base::UniqueFd read_end{pipe[0]};
    const base::UniqueFd write_end{pipe[1]};
    const Spawn spawn{42, 6, 0};
    REQUIRE(send_message(pair.a.get(), Type::spawn, 7, 5, {bytes_of(spawn), "cookie"}, pipe) == SendResult::sent);
    const auto received = receive(pair.b.get());
    CHECK(received.header.type == static_cast<std::uint16_t>(Type::spawn));
    CHECK(received.header.seq == 7);
    CHECK(received.header.read_seq == 5);
    CHECK(received.header.size == sizeof(Header) + received.body.size());
    CHECK(read_struct<Spawn>(received.body)->request_id == 42);
    CHECK(received.body.substr(sizeof(Spawn)) == "cookie");
    REQUIRE(received.fds.size() == 2);
    CHECK((::fcntl(received.fds[1].get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(::write(received.fds[1].get(), "x", 1) == 1);
    char got = 0;
    CHECK(::read(read_end.get(), &got, 1) == 1);
    CHECK_FALSE(read_struct<Spawn>("short"));
}

TEST_CASE("nothing there is no error, and a closed channel is unavailable", "[protocol][channel]")
{
    Pair pair;
    auto none = receive_message(pair.a.get());
    REQUIRE(none);
    CHECK_FALSE(none->has_value());
    pair.b.reset();
    CHECK(receive_message(pair.a.get()).error().code == base::Errc::unavailable);
    CHECK(send_message(pair.a.get(), Type::read, 1, 0, {}) == SendResult::closed);
}

TEST_CASE("what the other side sent before it died is received though our mail was unread", "[protocol][channel]")
{
    Pair pair;
    REQUIRE(send_message(pair.a.get(), Type::hello, 1, 0, {}) == SendResult::sent);
    for (std::uint64_t seq = 1; seq <= 3; ++seq)
        REQUIRE(send_message(pair.b.get(), Type::read, seq, 0, {}) == SendResult::sent);
    pair.b.reset(); // the kernel answers the next call with ECONNRESET
    for (std::uint64_t seq = 1; seq <= 3; ++seq) CHECK(receive(pair.a.get()).header.seq == seq);
    CHECK(receive_message(pair.a.get()).error().code == base::Errc::unavailable);
}

TEST_CASE("a full channel says again and takes messages once it is read", "[protocol][channel]")
{
    Pair pair;
    const std::string body(30'000, 'x');
    int sent = 0;
    while (send_message(pair.a.get(), Type::child, 1, 0, {body}) == SendResult::sent) ++sent;
    CHECK(sent > 2);
    CHECK(send_message(pair.a.get(), Type::child, 1, 0, {body}) == SendResult::again);
    for (int i = 0; i < sent; ++i) CHECK(receive(pair.b.get()).body == body);
    CHECK(send_message(pair.a.get(), Type::child, 1, 0, {body}) == SendResult::sent);
}

TEST_CASE("packets that are no messages are corrupt, and say why", "[protocol][channel]")
{
    Pair pair;
    const auto check_corrupt = [&](std::string_view packet, const std::string& why) {
        REQUIRE(::send(pair.a.get(), packet.data(), packet.size(), 0) == static_cast<ssize_t>(packet.size()));
        const auto received = receive_message(pair.b.get());
        REQUIRE_FALSE(received);
        CHECK(received.error().code == base::Errc::corrupt);
        CHECK(received.error().message().find(why) != std::string::npos);
    };
    Header header{magic, version, 1, sizeof header, 0, 1, 0};
    check_corrupt("x", "a packet of 1 bytes is not a message");
    header.magic = 1;
    check_corrupt(bytes_of(header), "is not a message");
    header.magic = magic;
    header.version = version + 8;
    check_corrupt(bytes_of(header), "speaks version " + std::to_string(version + 8));
    header.version = version;
    header.size = 31;
    check_corrupt(bytes_of(header), "says it has 31 bytes but has 32");
    check_corrupt(std::string(100'000, '\0'), "is not a message");
}

TEST_CASE("a message with more parts or descriptors than there is room for is not sent", "[protocol][channel]")
{
    Pair pair;
    const std::array<int, 5> many{0, 0, 0, 0, 0};
    CHECK(send_message(pair.a.get(), Type::read, 1, 0, {}, many) == SendResult::closed);
    CHECK(send_message(pair.a.get(), Type::read, 1, 0, {"1", "2", "3", "4", "5"}) == SendResult::closed);
    CHECK_FALSE(receive_message(pair.b.get())->has_value());
}
