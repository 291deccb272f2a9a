// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/json.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd::model;
using namespace std::chrono_literals;
using nlohmann::json;

TEST_CASE("base64 is RFC 4648's, there and back", "[model][json]")
{
    const std::vector<std::pair<std::string, std::string>> rows{{"", ""},
                                                                {"f", "Zg=="},
                                                                {"fo", "Zm8="},
                                                                {"foo", "Zm9v"},
                                                                {"foob", "Zm9vYg=="},
                                                                {"fooba", "Zm9vYmE="},
                                                                {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : rows) {
        CHECK(to_base64(bytes) == text);
        CHECK(from_base64(text).value() == bytes);
    }
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    CHECK(from_base64(to_base64(all)).value() == all);
}

TEST_CASE("what is not base64 is refused", "[model][json]")
{
    for (const char* bad : {"Z", "Zg", "Zg=", "Zg==Zg==", "====", "Z===", "Zm9v\n", "Zm-_", "=m9v", "Zm=v", "Zg==="}) {
        CAPTURE(bad);
        const auto decoded = from_base64(bad);
        REQUIRE_FALSE(decoded);
        CHECK(decoded.error().code == base::Errc::bad_input);
    }
}

TEST_CASE("UTF-8 is checked as RFC 3629 says", "[model][json]")
{
    using namespace std::string_literals;
    for (const auto& good : {""s, "a\0b"s, "\x7f"s, "\xc2\x80"s, "\xe0\xa0\x80"s, "\xed\x9f\xbf"s, "\xee\x80\x80"s,
                             "\xf0\x90\x80\x80"s, "\xf4\x8f\xbf\xbf"s})
        CHECK(is_utf8(good));
    // A lone continuation, overlong forms, surrogates, beyond U+10FFFF, cut off.
    for (const auto& bad :
         {"\x80"s, "\xc0\x80"s, "\xc1\xbf"s, "\xe0\x9f\xbf"s, "\xf0\x8f\xbf\xbf"s, "\xed\xa0\x80"s, "\xf4\x90\x80\x80"s,
          "\xf5\x80\x80\x80"s, "\xff"s, "\xc2"s, "\xe2\x82"s, "\xf0\x9f\x92"s, "\xc2\x41"s, "a\xe2\x82\x41"s})
        CHECK_FALSE(is_utf8(bad));
}

TEST_CASE("bytes travel as text when they are UTF-8 and as base64 when not", "[model][json]")
{
    for (const std::string bytes : {"", "plain", "\xc3\xa4", "\xff\xfe", "half \xe2\x82"}) {
        json object = json::object();
        put_bytes(object, bytes);
        CHECK(object.size() == 1);
        CHECK(object.contains(is_utf8(bytes) ? "text" : "base64"));
        CHECK(bytes_from(object) == bytes);
    }
    CHECK_THROWS_AS(bytes_from(json{{"base64", "?"}}), json::exception);
    CHECK_THROWS_AS(bytes_from(json::object()), json::exception);
}

TEST_CASE("times and durations that do not apply are null", "[model][json]")
{
    CHECK(json_time({}).is_null());
    CHECK(json_time(base::wall_from_ns(1'000)) == "1970-01-01T00:00:00.000001Z");
    CHECK(json_ms(std::nullopt).is_null());
    CHECK(json_ms(1500ms) == 1500);
}

TEST_CASE("JSON text is parsed with a bound on nesting and errors for people", "[model][json]")
{
    CHECK(parse_json(R"({"a": [1, "]]]"]})").value()["a"][0] == 1);
    CHECK(parse_json(std::string(64, '[') + std::string(64, ']')));
    CHECK(parse_json(std::string(65, '[') + std::string(65, ']')).error().message() ==
          "the JSON is nested deeper than 64 levels");
    CHECK(parse_json(std::string(1'000'000, '[')).error().code == base::Errc::bad_input);
    CHECK(parse_json("\"" + std::string(100, '[') + "\\\"" + std::string(100, '{') + "\""));
    for (const char* bad : {"", "{", "{\"a\":}", "nul", "1 2", "\"\xff\"", "{\"a\":1,}"}) {
        CAPTURE(bad);
        const auto parsed = parse_json(bad);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().message().starts_with("not JSON: parse error at line 1, column "));
    }
}

TEST_CASE("an unknown key is answered with the nearest known one", "[model][json]")
{
    CHECK(only_known_keys(json{{"name", 1}}, {"name", "command"}, "a run"));
    CHECK(only_known_keys(json{{"comand", 1}}, {"name", "command"}, "a run").error().message() ==
          "a run has no key \"comand\"; did you mean \"command\"?");
    CHECK(only_known_keys(json{{"zzz", 1}}, {"name", "command"}, "a run").error().message() ==
          "a run has no key \"zzz\"");
}
