// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/queued-db/ptrans_text.h"

#include <catch2/catch.hpp>

using namespace queued_db;

TEST_CASE("operations become lines of ctdb ptrans", "[queued_db]")
{
    CHECK(ptrans_line({"statd-state@10.0.0.1@192.168.7.9", "1730000000"}) ==
          "\"statd-state@10.0.0.1@192.168.7.9\" \"1730000000\"\n");
    CHECK(ptrans_line({"k", std::nullopt}) == "\"k\" \"\"\n");
    CHECK(ptrans_line({"a b", "c\\d"}) == "\"a b\" \"c\\d\"\n");
}

TEST_CASE("what quotes cannot hold goes as hex", "[queued_db]")
{
    CHECK(ptrans_line({std::string("a\0b", 3), "\""}) == "\"0x610062\" \"0x22\"\n");
    CHECK(ptrans_line({"0x61", "\n\xff"}) == "\"0x30783631\" \"0x0aff\"\n");
}

TEST_CASE("what ctdb ptrans cannot carry is refused", "[queued_db]")
{
    CHECK_FALSE(ptrans_line({"", "1"}));
    CHECK_FALSE(ptrans_line({"k", ""}));
    CHECK(ptrans_line({std::string(500, 'k'), std::string(max_line - 506, 'v')}));
    const auto refused = ptrans_line({std::string(500, 'k'), std::string(max_line - 505, 'v')});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message().find("1023 bytes for ctdb ptrans, which takes 1022") != std::string::npos);
    CHECK_FALSE(ptrans_line({std::string(300, '\n'), std::string(300, '\n')}));
}

TEST_CASE("bytes may be given as hex digits", "[queued_db]")
{
    CHECK(parse_part("0x61006A") == std::string("a\0j", 3));
    CHECK(parse_part("61") == "61");
    CHECK(parse_part("0x") == "");
    CHECK_FALSE(parse_part("0x6"));
    CHECK_FALSE(parse_part("0xgg"));
}
