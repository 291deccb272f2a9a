// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/json_text.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd::model;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

template <class T> std::string written(const T& value)
{
    std::string text;
    JsonText{text}.value(value);
    return text;
}

} // namespace

TEST_CASE("commas stand between keys and between values, wherever objects and arrays begin and end", "[model][json]")
{
    std::string text;
    JsonText to{text};
    to.object().put("a", 1).key("b").object().end_object().key("c").array();
    to.value(true).null().array().end_array().object().put("d", "x").end_object().end_array();
    to.key("e").null().name("f\"").value(false).end_object();
    CHECK(text == R"({"a":1,"b":{},"c":[true,null,[],{"d":"x"}],"e":null,"f\"":false})");
}

TEST_CASE("every byte in a string is written as nlohmann writes it", "[model][json]")
{
    for (int byte = 0; byte < 256; ++byte) {
        for (const auto& text : {std::string(1, static_cast<char>(byte)),
                                 "in " + std::string(1, static_cast<char>(byte)) + " the middle"}) {
            CAPTURE(byte);
            CHECK(written(text) == json(text).dump(-1, ' ', false, json::error_handler_t::replace));
        }
    }
    CHECK(written(std::string("gr\u00fc\u00df dich \U0001f600")) == "\"gr\u00fc\u00df dich \U0001f600\"");
    CHECK(written(std::string()) == "\"\"");
}

TEST_CASE("numbers, times and durations are whole, and what is not there is null", "[model][json]")
{
    CHECK(written(~std::uint64_t{0}) == "18446744073709551615");
    CHECK(written(INT64_MIN) == "-9223372036854775808");
    CHECK(written(base::WallTime{}) == "null");
    CHECK(written(base::wall_from_ns(1'700'000'000'000'001'000)) == "\"2023-11-14T22:13:20.000001Z\"");
    CHECK(written(base::Duration{1500ms}) == "1500");
    CHECK(written(std::optional<int>{}) == "null");
    CHECK(written(std::optional<base::Duration>{2s}) == "2000");
    CHECK(written(std::vector<std::string>{"a", "b"}) == R"(["a","b"])");
    CHECK(written(std::set<std::string>{}) == "[]");
}

TEST_CASE("bytes are text where they are UTF-8", "[model][json]")
{
    std::string text;
    JsonText{text}.object().put_bytes("text\n").end_object();
    CHECK(text == R"({"text":"text\n"})");
    text.clear();
    JsonText{text}.object().put_bytes("\xff").end_object();
    CHECK(text == R"({"base64":"/w=="})");
}
