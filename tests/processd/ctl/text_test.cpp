// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/fields.h"
#include "processd/ctl/table.h"
#include "processd/ctl/text.h"
#include "tests/processd/ctl/samples.h"

#include <catch2/catch.hpp>

using namespace processd::ctl;
using namespace std::chrono_literals;

TEST_CASE("text from outside can not break a terminal", "[ctl][text]")
{
    struct Row {
        std::string_view bytes, shown;
    };
    for (const auto& row : std::vector<Row>{
             {"plain", "plain"},
             {"gr\xc3\xbc\xc3\x9f \xe4\xb8\xad \xf0\x9f\x98\x80", "gr\xc3\xbc\xc3\x9f \xe4\xb8\xad \xf0\x9f\x98\x80"},
             {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
             {"\x1b[2J\x07\x7f", "\\x1b[2J\\x07\\x7f"},
             {std::string_view("\0x", 2), "\\x00x"},
             {"\xff\xc3", "\\xff\\xc3"},
             {"\xc0\xaf", "\\xc0\\xaf"},                   // overlong
             {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          // surrogate
             {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, // beyond Unicode
             {"\xc2\x9b"
              "31m",
              "\\u{9b}31m"}, // CSI as one C1 character
             {"\xe2\x80\xae"
              "exe.txt",
              "\\u{202e}exe.txt"},
             {"\xef\xbb\xbf", "\\u{feff}"},
         })
        CHECK(clean(row.bytes) == row.shown);
}

TEST_CASE("columns are counted as a terminal shows them and cut between characters", "[ctl][text]")
{
    CHECK(columns("abc") == 3);
    CHECK(columns("gr\xc3\xbc\xc3\x9f") == 4);
    CHECK(columns("\xe4\xb8\xad\xe6\x96\x87") == 4);
    CHECK(columns("e\xcc\x81") == 1);
    CHECK(fit("abcdef", 0) == "abcdef");
    CHECK(fit("abcdef", 6) == "abcdef");
    CHECK(fit("abcdef", 4) == "abc…");
    CHECK(fit("\xe4\xb8\xad\xe6\x96\x87", 3) == "\xe4\xb8\xad…");
    CHECK(fit("\xe4\xb8\xad\xe6\x96\x87", 2) == "…");
    CHECK(padded("\xe4\xb8\xad", 4) == "\xe4\xb8\xad  ");
    CHECK(padded("7", 3, true) == "  7");
}

TEST_CASE("spans and ages are short", "[ctl][text]")
{
    CHECK(span_text(0s) == "0s");
    CHECK(span_text(-1s) == "0s");
    CHECK(span_text(850us) == "850us");
    CHECK(span_text(2345us) == "2.3ms");
    CHECK(span_text(12ms) == "12ms");
    CHECK(span_text(2345ms) == "2.34s");
    CHECK(span_text(59'999ms) == "60.0s");
    CHECK(span_text(67s) == "1m 7s");
    CHECK(span_text(2h) == "2h");
    CHECK(span_text(99h) == "4d 3h");
    const auto now = test::at("2026-11-22T12:05:00Z");
    CHECK(age_text({}, now) == "-");
    CHECK(age_text(now + 5s, now) == "<1s");
    CHECK(age_text(now - 12s, now) == "12s");
    CHECK(age_text(now - 61s, now) == "1m");
    CHECK(age_text(now - 192min, now) == "3h 12m");
    CHECK(until_text(now, now) == "now");
    CHECK(until_text(now + 500ms, now) == "500ms");
    CHECK(until_text(now + 3999ms, now) == "4s");
    CHECK(clock_text(test::at("2026-11-22T03:04:05.678Z"), now) == "03:04:05");
    CHECK(clock_text(test::at("2026-11-22T03:04:05.678Z"), now, true) == "03:04:05.678");
    CHECK(clock_text(test::at("2026-11-21T03:04:05Z"), now) == "2026-11-21 03:04:05");
    CHECK(clock_text({}, now) == "-");
    CHECK(size_text(512) == "512 B");
    CHECK(size_text(1536) == "1.5 KiB");
    CHECK(size_text(3'355'443) == "3.2 MiB");
    CHECK(size_text(~std::uint64_t{0}) == "16777216.0 TiB");
}

TEST_CASE("a command is shown as a shell would take it", "[ctl][text]")
{
    CHECK(command_text({"/bin/sh", "-c", "exit 3"}) == "/bin/sh -c 'exit 3'");
    CHECK(command_text({"a", "", "it's", "x\ny", "--k=v,w"}) == "a '' 'it'\\''s' 'x\\ny' --k=v,w");
    CHECK(command_text({}).empty());
}

TEST_CASE("a table is as wide as its contents and no wider than the terminal", "[ctl][table]")
{
    Table table({{"NAME"}, {"N", true}, {"WHY"}});
    table.row({{"a"}, {"1"}, {"because it is as long as it is"}});
    table.row({{"gr\xc3\xbc\xc3\x9f"}, {"22"}, {""}});
    table.below({"more"});
    CHECK(table.print({}) == "NAME   N  WHY\n"
                             "a      1  because it is as long as it is\n"
                             "gr\xc3\xbc\xc3\x9f  22\n"
                             "    more\n");
    CHECK(table.print({false, 34, {}}) == "NAME   N  WHY\n"
                                          "a      1  because it is as long a…\n"
                                          "gr\xc3\xbc\xc3\x9f  22\n"
                                          "    more\n");
    CHECK(table.print({false, 5, {}}).find("because it is…\n") != std::string::npos); // wrapped, not hidden
}

TEST_CASE("a narrow table cuts what may be cut, then leaves out what may be left out", "[ctl][table]")
{
    Table table({{"NAME", false, 6}, {"KIND", false, 0, true}, {"ID"}, {"WHY"}});
    table.row({{"a name that is long"}, {"service"}, {"0123456789"}, {"a reason that is fairly long, too"}});
    CHECK(table.print({false, 60, {}}) == "NAME    KIND     ID          WHY\n"
                                          "a nam…  service  0123456789  a reason that is fairly long, …\n");
    CHECK(table.print({false, 45, {}}) == "NAME    KIND     ID          WHY\n"
                                          "a nam…  service  0123456789  a reason that i…\n");
    CHECK(table.print({false, 38, {}}) == "NAME    ID          WHY\n"
                                          "a nam…  0123456789  a reason that is …\n");
}

TEST_CASE("colour is only where the style has it", "[ctl][text]")
{
    CHECK(paint({}, Colour::bad, "x") == "x");
    CHECK(paint({true, 0, {}}, Colour::bad, "x") == "\x1b[1;31mx\x1b[0m");
    CHECK(paint({true, 0, {}}, Colour::plain, "x") == "x");
    CHECK(paint({true, 0, {}}, Colour::bad, "").empty());
}

TEST_CASE("fields of a reply are read without trust", "[ctl][fields]")
{
    const auto j = nlohmann::json::parse(
        R"({"s":"x","n":5,"f":1.5,"b":true,"l":["a",1,null,{}],"t":"2026-11-22T12:05:00Z","bad":"yesterday"})");
    CHECK(text(j, "s") == "x");
    CHECK(text(j, "n").empty());
    CHECK(text(j, "none").empty());
    CHECK(text(nlohmann::json(3), "s").empty());
    CHECK(number(j, "n") == 5);
    CHECK(number(j, "f", -1) == -1);
    CHECK(number(j, "s", -1) == -1);
    CHECK(flag(j, "b"));
    CHECK_FALSE(flag(j, "n"));
    CHECK(time(j, "t") == test::at("2026-11-22T12:05:00Z"));
    CHECK(time(j, "bad") == base::WallTime{});
    CHECK(texts(j, "l") == std::vector<std::string>{"a", "1"});
    CHECK(texts(j, "s").empty());
    CHECK(part(j, "none").is_null());
    for (const std::string data : {"", "f", "fo", "foo", "foob", "fooba", "\xff\x00\x80x"})
        CHECK(bytes(nlohmann::json{{"base64", to_base64(data)}}) == data);
    CHECK(bytes(nlohmann::json{{"base64", "Zm9v*Zm9v"}}) == "foo");
    CHECK(bytes(nlohmann::json{{"text", "foo"}}) == "foo");
}
