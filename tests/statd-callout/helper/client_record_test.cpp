// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/client_record.h"

#include <catch2/catch.hpp>

using namespace callout;

TEST_CASE("a key is cut at the first at sign after its prefix", "[callout]")
{
    const auto record = parse_key("statd-state@10.0.0.1@192.168.7.9");
    REQUIRE(record);
    CHECK(record->server == "10.0.0.1");
    CHECK(record->client == "192.168.7.9");
    CHECK(record->key() == "statd-state@10.0.0.1@192.168.7.9");
    CHECK(parse_key("statd-state@fd00::1@a@b")->client == "a@b");
    for (const char* none : {"", "statd-state@", "statd-state@x", "statd-state@@c", "statd-state@s@", "nsm-state@s@c"})
        CHECK_FALSE(parse_key(none));
}

TEST_CASE("a queue file holds one whole line of its own name", "[callout]")
{
    CHECK(parse_queue_line("\"k\" \"123\"\n", "k") == "123");
    CHECK(parse_queue_line("\"k\" \"\"\n", "k") == "");
    for (const char* part :
         {"", "\"k\"", "\"k\" \"12", "\"k\" \"123\"", "\"other\" \"1\"\n", "\"k\" \"1\"\n\"k\" \"2\"\n"})
        CHECK_FALSE(parse_queue_line(part, "k"));
}

TEST_CASE("client records are found in what ctdb catdb prints", "[callout]")
{
    const char* text = "key(29) = \"statd-state@10.0.0.2@client\\41\"\ndmaster: 0\nrsn: 1\nflags: 0x00000000\n"
                       "data(10) = \"1730000000\"\n\n"
                       "key(23) = \"__db_sequence_number__\\00\"\ndmaster: 0\nrsn: 1\nflags: 0x00000000\n"
                       "data(8) = \"\\01\\00\\00\\00\\00\\00\\00\\00\"\n\n"
                       "key(18) = \"nsm-state@10.0.0.2\"\ndmaster: 0\ndata(3) = \"201\"\n\n"
                       "key(26) = \"statd-state@10.0.0.1@gone\"\ndata(0) = \"\"\n\n"
                       "key(22) = \"statd-state@10.0.0.1@c\"\ndata(10) = \"notify 201\"\n\nDumped 5 records\n";
    std::map<std::string, std::int32_t> states;
    CHECK(parse_catdb(text, &states) ==
          std::vector<ClientRecord>{{"10.0.0.1", "c", "notify 201"}, {"10.0.0.2", "clientA", "1730000000"}});
    CHECK(states == std::map<std::string, std::int32_t>{{"10.0.0.2", 201}});
}
