// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/notify/course.h"

#include <catch2/catch.hpp>

using namespace callout;
using namespace std::chrono_literals;

namespace {

const base::Time t0{1h};

std::string reply(std::initializer_list<unsigned> words)
{
    std::string bytes;
    for (const auto word : words)
        for (int shift = 24; shift >= 0; shift -= 8)
            bytes += static_cast<char>((word >> static_cast<unsigned>(shift)) & 0xffU);
    return bytes;
}
const auto port_4045 = reply({1, 1, 0, 0, 0, 0, 4045}), no_port = reply({1, 1, 0, 0, 0, 0, 0}),
           done = reply({1, 1, 0, 0, 0, 0});
const auto no_such_version = reply({1, 1, 0, 0, 0, 2, 3, 4});
const auto address = reply({1, 1, 0, 0, 0, 0, 12}) + "fd00::1.8.10";

} // namespace

TEST_CASE("a client is reached when it has answered for every name", "[callout]")
{
    auto course = begin(false, 2, t0);
    on_sent(course, t0);
    on_reply(course, port_4045, t0 + 1ms);
    CHECK(course.question == Question::notify);
    CHECK(course.port == 4045);
    CHECK(course.next == t0 + 1ms);
    on_sent(course, t0 + 1ms);
    on_reply(course, done, t0 + 2ms);
    CHECK_FALSE(course.reached());
    on_sent(course, t0 + 2ms);
    on_reply(course, done, t0 + 3ms);
    CHECK(course.reached());
}

TEST_CASE("rpcbind is asked in the version that it has", "[callout]")
{
    auto course = begin(true, 1, t0);
    CHECK(course.question == Question::address_v4);
    on_reply(course, no_such_version, t0);
    CHECK(course.question == Question::address_v3);
    on_reply(course, address, t0);
    CHECK(course.port == 8 * 256 + 10);
    course = begin(false, 1, t0);
    on_reply(course, no_such_version, t0);
    CHECK(course.question == Question::address_v4);
}

TEST_CASE("silence makes the pauses longer, and statd's port is asked for again", "[callout]")
{
    auto course = begin(false, 1, t0);
    auto now = t0;
    for (const auto pause : {1s, 2s, 4s, 8s, 16s, 32s, 32s}) {
        on_sent(course, now);
        CHECK(course.next == now + pause);
        now = course.next;
    }
    on_reply(course, port_4045, now);
    for (int i = 0; i < 4; ++i) {
        CHECK(course.question == Question::notify);
        on_sent(course, now);
    }
    CHECK(course.question == Question::port_v2);
}

TEST_CASE("a client without statd is asked again later", "[callout]")
{
    auto course = begin(false, 1, t0);
    on_sent(course, t0);
    on_reply(course, no_port, t0);
    CHECK(course.question == Question::port_v2);
    CHECK(course.next == t0 + 5s);
    on_reply(course, "nonsense", t0);
    CHECK(course.question == Question::port_v2);
}
