// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/notify/rpc.h"

#include <catch2/catch.hpp>

using namespace callout;

namespace {
std::string words(std::initializer_list<unsigned> all)
{
    std::string bytes;
    for (const auto word : all)
        for (int shift = 24; shift >= 0; shift -= 8)
            bytes += static_cast<char>((word >> static_cast<unsigned>(shift)) & 0xffU);
    return bytes;
}
} // namespace

TEST_CASE("calls are as on the wire", "[callout]")
{
    CHECK(getport_call(7) == words({7, 0, 2, 100000, 2, 3, 0, 0, 0, 0, 100024, 1, 17, 0}));
    CHECK(notify_call(8, "10.0.0.12", 5) ==
          words({8, 0, 2, 100024, 1, 6, 0, 0, 0, 0, 9}) + std::string("10.0.0.12\0\0\0", 12) + words({5}));
    CHECK(getaddr_call(9, 4, true).substr(0, 52) == words({9, 0, 2, 100000, 4, 3, 0, 0, 0, 0, 100024, 1, 4}));
}

TEST_CASE("replies are told apart", "[callout]")
{
    CHECK(parse_reply(words({7, 1, 0, 0, 0, 0}))->kind == Reply::success);
    CHECK(parse_reply(words({7, 1, 0, 0, 0, 2, 2, 4}))->kind == Reply::other_version);
    CHECK(parse_reply(words({7, 1, 0, 0, 0, 1}))->kind == Reply::not_accepted);
    CHECK(parse_reply(words({7, 1, 1, 1, 5}))->kind == Reply::not_accepted);
    CHECK(parse_reply(words({7, 1, 0, 1, 8, 1, 1, 0}))->kind == Reply::success); // with a verifier
    CHECK_FALSE(parse_reply(words({7, 0, 2})));
    CHECK_FALSE(parse_reply(words({7, 1, 0, 0, 0xffffffff, 0})));
    CHECK_FALSE(parse_reply(""));
}

TEST_CASE("ports are found in results", "[callout]")
{
    CHECK(parse_port(words({4045})) == 4045);
    CHECK_FALSE(parse_port(words({65536})));
    CHECK_FALSE(parse_port("ab"));
    CHECK(parse_universal_address(words({13}) + "127.0.0.1.8.1") == 2049);
    CHECK(parse_universal_address(words({0})) == 0);
    for (const std::string bad : {"8.1", "1.2.3.4.256.1", "1.2.3.4.8.x", "..", "1.2.3.4.8."})
        CHECK_FALSE(parse_universal_address(words({static_cast<unsigned>(bad.size())}) + bad));
}
