// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/log_line.h"

#include "processd/model/json.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd::output;

namespace {

LogLine sample()
{
    LogLine line;
    line.seq = (std::uint64_t{2} << 40U) + 5;
    line.time = base::wall_from_ns(1'795'365'789'123'456'789);
    line.service = "ctdbd";
    line.run = "01RUN";
    line.data = "a \"quoted\" \\ text\t\x01\x7f";
    return line;
}

} // namespace

TEST_CASE("a line's JSON has all keys", "[output][log_line]")
{
    auto line = sample();
    const auto j = to_json(line, 1700);
    CHECK(j == nlohmann::json{{"type", "line"},
                              {"seq", "1700.2199023255557"},
                              {"time", "2026-11-22T16:43:09.123456Z"},
                              {"service", "ctdbd"},
                              {"run", "01RUN"},
                              {"pid", nullptr},
                              {"stream", "stdout"},
                              {"text", line.data},
                              {"partial", false},
                              {"late", false}});
    std::string text;
    append_ndjson(text, line, 1700);
    CHECK(text.find('\n') == text.size() - 1);
    CHECK(nlohmann::json::parse(text) == j);
}

TEST_CASE("bytes that are not text are base64, and an ad-hoc run has no service", "[output][log_line]")
{
    auto line = sample();
    line.service.clear();
    line.stream = Stream::err;
    line.partial = line.late = true;
    line.data = std::string("\xff\0\n", 3);
    const auto j = to_json(line, 1);
    CHECK(j["service"].is_null());
    CHECK(j["stream"] == "stderr");
    CHECK(j["base64"] == processd::model::to_base64(line.data));
    CHECK(!j.contains("text"));
    CHECK(j["partial"] == true);
    CHECK(j["late"] == true);
}

TEST_CASE("every character of a text survives its JSON", "[output][log_line]")
{
    auto line = sample();
    line.data.clear();
    for (char c = 0; c < 0x7f; ++c) line.data += c;
    line.data += "\x7f ü € 🦀";
    CHECK(to_json(line, 1)["text"] == line.data);
}

TEST_CASE("a token is read as it is written, and nothing else is", "[output][token]")
{
    CHECK(format_token({1, 2}) == "1.2");
    CHECK(parse_token("18446744073709551615.0") == Token{UINT64_MAX, 0});
    CHECK(first_seq(3) == std::uint64_t{3} << 40U);
    for (const char* bad : {"", ".", "1", "1.", ".1", "1.2.3", "a.1", "1.-2", " 1.2", "1.2 ", "18446744073709551616.0"})
        CHECK(parse_token(bad).error().code == base::Errc::bad_input);
}
