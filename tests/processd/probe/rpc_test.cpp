// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/probe/rpc.h"

#include <catch2/catch.hpp>

using namespace processd::probe;

namespace {

std::string words(std::initializer_list<std::uint32_t> list)
{
    std::string bytes;
    for (const auto word : list)
        for (int shift = 24; shift >= 0; shift -= 8)
            bytes += static_cast<char>(word >> static_cast<unsigned>(shift) & 0xffU);
    return bytes;
}

std::string said(const base::Result<std::optional<std::string>>& reply)
{
    if (!reply) return reply.error().message();
    return *reply ? "results " + std::to_string((*reply)->size()) : "another's";
}

} // namespace

TEST_CASE("a call of the NULL procedure is ten words", "[probe][rpc]")
{
    CHECK(encode({7, 100003, 3, 0, {}}) == words({7, 0, 2, 100003, 3, 0, 0, 0, 0, 0}));
    CHECK(as_record(words({1, 2})) == words({0x80000008U, 1, 2}));
}

TEST_CASE("where a program listens is asked of rpcbind", "[probe][rpc]")
{
    CHECK(getaddr_arguments(100024, 1, "udp6") == words({100024, 1, 4}) + "udp6" + words({0, 0}));
    CHECK(getaddr_arguments(100024, 1, "tcp") == words({100024, 1, 3}) + std::string("tcp\0", 4) + words({0, 0}));
    const auto results = [](std::string address) {
        auto bytes = words({static_cast<std::uint32_t>(address.size())}) + address;
        bytes.append((4 - address.size() % 4) % 4, '\0');
        return bytes;
    };
    CHECK(port_of(results("127.0.0.1.2.150")).value() == 662);
    CHECK(port_of(results("::1.255.255")).value() == 65535);
    CHECK(port_of(results("")).value() == 0);
    for (const auto& bad : {words({}), words({5}), words({1000}), results("1"), results("1.2.3.4.256.1"),
                            results("1.2.3.4.x.1"), results(".1"), results("1.2.3.4..")})
        CHECK_FALSE(port_of(bad));
}

TEST_CASE("a reply says in words what the server makes of a call", "[probe][rpc]")
{
    const auto reply = [](std::initializer_list<std::uint32_t> rest) { return words({7, 1}) + words(rest); };
    CHECK(said(decode_reply(reply({0, 0, 0, 0}), 7)) == "results 0");
    CHECK(said(decode_reply(reply({0, 1, 8, 0, 0, 0, 1, 2}), 7)) == "results 8"); // a verifier of eight bytes
    CHECK(said(decode_reply(reply({0, 0, 0, 0}), 8)) == "another's");
    CHECK(said(decode_reply(reply({0, 0, 0, 1}), 7)) == "there is no such program");
    CHECK(said(decode_reply(reply({0, 0, 0, 2, 2, 4}), 7)) == "it has versions 2 to 4 only");
    CHECK(said(decode_reply(reply({0, 0, 0, 3}), 7)) == "it does not know the procedure");
    CHECK(said(decode_reply(reply({0, 0, 0, 5}), 7)) == "it cannot answer, accept state 5");
    CHECK(said(decode_reply(reply({1, 1, 1}), 7)) == "it denies the call");
}

TEST_CASE("what is no reply is said to be none", "[probe][rpc]")
{
    const auto good = words({7, 1, 0, 0, 4, 9, 2, 2, 4});
    for (std::size_t n = 0; n < good.size(); ++n) {
        CAPTURE(n);
        CHECK(said(decode_reply(good.substr(0, n), 7)) == "its reply is not one of RPC");
    }
    CHECK(said(decode_reply(words({7, 0, 2, 100003, 3, 0}), 7)) == "its reply is not one of RPC"); // a call
    CHECK(said(decode_reply(words({7, 1, 2, 0, 0, 0}), 7)) == "its reply is not one of RPC");
    CHECK(said(decode_reply(words({7, 1, 0, 0, 0xfffffff0U, 0}), 7)) == "its reply is not one of RPC");
}

TEST_CASE("a reply comes out of a stream when it is there as a whole", "[probe][rpc]")
{
    const auto record = as_record(words({7, 1, 0}));
    for (std::size_t n = 0; n < record.size(); ++n) CHECK_FALSE(message_of(record.substr(0, n)).value());
    CHECK(message_of(record + "more").value() == words({7, 1, 0}));
    CHECK_FALSE(message_of(words({0x00000008U, 1, 2})));
    CHECK_FALSE(message_of(words({0x80100000U})));
}
