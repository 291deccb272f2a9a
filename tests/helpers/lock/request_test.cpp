// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/lock/request.h"

#include <catch2/catch.hpp>

using namespace lock;
using Words = std::vector<std::string_view>;

TEST_CASE("a record's request has its key in either case of hexadecimal", "[lock][request]")
{
    const Request wanted{4711, 12, Kind::record, "/db/locking.tdb.0", 0x1c41, std::string("\x00\xAB\x0F", 3)};
    CHECK(std::get<Request>(parse_request({"4711", "12", "RECORD", "/db/locking.tdb.0", "0x1c41", "00AB0F"})) ==
          wanted);
    CHECK(std::get<Request>(parse_request({"4711", "12", "RECORD", "/db/locking.tdb.0", "0x1C41", "00ab0f"})) ==
          wanted);
    CHECK(std::get<Request>(parse_request({"4711", "12", "RECORD", "/db/locking.tdb.0", "7233", "00ab0f"})) == wanted);
}

TEST_CASE("the key NULL is the empty key", "[lock][request]")
{
    CHECK(std::get<Request>(parse_request({"1", "2", "RECORD", "p", "0x0", "NULL"})).key.empty());
    CHECK(std::get<Request>(parse_request({"1", "2", "RECORD", "p", "0x0", ""})).key.empty());
}

TEST_CASE("a whole database's request has no key", "[lock][request]")
{
    const Request wanted{4711, 0, Kind::database, "p", 0x41, ""};
    CHECK(std::get<Request>(parse_request({"4711", "0", "DB", "p", "0x41"})) == wanted);
}

TEST_CASE("wrong arguments are refused, in the original's words where it has some", "[lock][request]")
{
    const std::vector<std::pair<Words, std::string>> table{
        {{}, ""},
        {{"1", "2", "DB"}, ""},
        {{"1", "2", "FOO", "p"}, "Invalid lock-type 'FOO'"},
        {{"1", "2", "db", "p", "0x0"}, "Invalid lock-type 'db'"},
        {{"1", "2", "DB", "p"}, "Invalid number of arguments (5)"},
        {{"1", "2", "DB", "p", "0x0", "61"}, "Invalid number of arguments (7)"},
        {{"1", "2", "RECORD", "p", "0x0"}, "Invalid number of arguments (6)"},
        {{"0", "2", "DB", "p", "0x0"}, "Invalid ctdbd-pid '0'"},
        {{"-1", "2", "DB", "p", "0x0"}, "Invalid ctdbd-pid '-1'"},
        {{"1x", "2", "DB", "p", "0x0"}, "Invalid ctdbd-pid '1x'"},
        {{"99999999999", "2", "DB", "p", "0x0"}, "Invalid ctdbd-pid '99999999999'"},
        {{"1", "-1", "DB", "p", "0x0"}, "Invalid output-fd '-1'"},
        {{"1", "", "DB", "p", "0x0"}, "Invalid output-fd ''"},
        {{"1", "2", "DB", "p", "0xfffffffff"}, "Invalid db-flags '0xfffffffff'"},
        {{"1", "2", "DB", "p", "0x"}, "Invalid db-flags '0x'"},
        {{"1", "2", "RECORD", "p", "0x0", "abc"}, "Invalid key 'abc'"},
        {{"1", "2", "RECORD", "p", "0x0", "0g"}, "Invalid key '0g'"},
    };
    for (const auto& [words, sentence] : table) {
        const auto parsed = parse_request(words);
        INFO("wanted: " << sentence);
        REQUIRE(std::holds_alternative<Refusal>(parsed));
        CHECK(std::get<Refusal>(parsed).sentence == sentence);
    }
}

TEST_CASE("what is encoded in hexadecimal comes back", "[lock][request]")
{
    std::string all, back;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    REQUIRE(decode_hex(encode_hex(all), back));
    CHECK(back == all);
}
