// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/config.h"
#include "statd-callout/names.h"

#include <catch2/catch.hpp>

using namespace callout;

TEST_CASE("a configuration has CTDB's three lines and ours", "[callout]")
{
    const Config three{Mode::persistent_db, "/q", "/ips", {}, Durability::data, false};
    CHECK(parse_config("persistent_db\n/q\n/ips\n").config == three);
    CHECK(parse_config("persistent_db\n/q\n/ips").problem == nullptr);
    CHECK(parse_config("shared_dir\n/s\n/ips\n").config.mode == Mode::shared_dir);
    CHECK(parse_config("none\n").config == Config{});
    const auto all =
        parse_config("persistent_db\n/q\n/ips\ndurability = dir\nmountd=yes\naddresses = /kept\nlater = 1\nwords\n");
    CHECK(all.problem == nullptr);
    CHECK(all.config == Config{Mode::persistent_db, "/q", "/ips", "/kept", Durability::dir, true});
}

TEST_CASE("a configuration that says nothing clear is refused", "[callout]")
{
    const char* text =
        GENERATE("", "\n", "persistent_db", "persistent_db\n/q\n", "persistent_db\n\n/ips\n", "persistent\n/q\n/ips\n",
                 "persistent_db\n/\n/ips\n", "none\ndurability = full\n", "none\nmountd = 1\n");
    CAPTURE(text);
    CHECK(parse_config(text).problem != nullptr);
}

TEST_CASE("hostile names are told from others", "[callout]")
{
    for (const std::string good : {"10.0.0.1", "fe80::1%eth0", "client1", "a.b-c_d.example", "..", "\xc3\xa4"})
        if (good != ".." && good != "\xc3\xa4")
            CHECK(why_hostile(good) == nullptr);
        else
            CHECK(why_hostile(good) != nullptr);
    for (const std::string bad : {"", ".", "a/b", "a@b", "a\"b", "a'b", "a b", "a\tb", "a\nb", "a\x7f", ".a"}) {
        CAPTURE(bad);
        CHECK(why_hostile(bad) != nullptr);
    }
    CHECK(why_hostile(std::string_view("a\0b", 3)) != nullptr);
}
