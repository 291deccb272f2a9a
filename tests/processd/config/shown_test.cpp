// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/shown.h"

#include "tests/processd/config/texts.h"

#include <catch2/catch.hpp>

using namespace processd;

namespace {

std::string value_text(const config::Value& value)
{
    struct Visit {
        std::string operator()(const std::string& text) const { return text; }
        std::string operator()(std::int64_t number) const { return std::to_string(number); }
        std::string operator()(double number) const { return std::to_string(number); }
        std::string operator()(bool yes) const { return yes ? "true" : "false"; }
        std::string operator()(const config::Moment&) const { return "moment"; }
        std::string operator()(const config::Array& array) const
        {
            std::string text = "[";
            for (const auto& item : array) text += (text.size() > 1 ? " " : "") + value_text(item);
            return text + "]";
        }
        std::string operator()(const config::Table& table) const
        {
            std::string text = "{";
            for (const auto& entry : table) text += entry.key + "=" + value_text(entry.value) + ";";
            return text + "}";
        }
    };
    return std::visit(Visit{}, value.data);
}

// A line for each key: "FILE:LINE KEY VALUE".
std::string lines(const std::vector<config::SourceSet>& sets)
{
    const auto found = config::interpret(sets);
    const auto names = config::shown(sets, found ? config::Problems{} : found.error());
    REQUIRE(names.size() == 1);
    std::string all;
    for (const auto& key : names.front().keys)
        all += key.file + ":" + std::to_string(key.line) + " " + key.key + " " +
               (key.value ? value_text(*key.value) : "(hidden)") + "\n";
    return all;
}

std::string lines(const config::SourceSet& set) { return lines(std::vector{set}); }

std::string messages(const config::SourceSet& set)
{
    const auto found = config::interpret({set});
    REQUIRE_FALSE(found);
    std::string all;
    for (const auto& problem : found.error()) all += config::shown_message(problem, {set}) + "\n";
    return all;
}

} // namespace

TEST_CASE("keys are shown merged, each with the place that it comes from", "[config][shown]")
{
    CHECK(lines(texts::set("a", {{"a.toml", "[service]\ncommand = [\"/bin/a\", \"b\"]\nnice = 1\n"},
                                 {"a.d/1.toml", "[service.restart]\ndelay = \"2s\"\n[service]\nnice = 2\n"}})) ==
          "a.toml:2 service.command [/bin/a b]\n"
          "a.d/1.toml:4 service.nice 2\n"
          "a.d/1.toml:2 service.restart.delay 2s\n");
}

TEST_CASE("values of environments are not shown", "[config][shown]")
{
    const auto set =
        texts::set("a", {{"a.toml", "[service]\ncommand = [\"a\"]\nenvironment = { A = \"secret\", B = \"hush\" }\n"},
                         {"a.d/1.toml", "[service.environment]\nA = \"other\"\n"}});
    CHECK(lines(set) == "a.toml:2 service.command [a]\n"
                        "a.d/1.toml:2 service.environment.A (hidden)\n"
                        "a.toml:3 service.environment.B (hidden)\n");
}

TEST_CASE("redact hides in every command, wherever it stands and wherever the command stands", "[config][shown]")
{
    const auto text =
        lines(texts::set("a", {{"a.toml", "[service]\ncommand = [\"a\", \"--password=hunter2\", \"-p\", \"hunter3\"]\n"
                                          "pre_start = [[\"b\", \"--password=hunter4\"]]\n"
                                          "[service.ready]\ncommand = [\"c\", \"-p\", \"hunter5\"]\n"
                                          "[service.stop]\ncommand = [\"d\", \"-p\", \"hunter6\"]\n"
                                          "[service.check.x]\ncommand = [\"e\", \"-p\", \"hunter7\"]\n"},
                               {"a.d/1.toml", "[service]\nredact = [\"--password=*\", \"-p\"]\n"}}));
    CHECK(text.find("hunter") == std::string::npos);
    CHECK(text.find("service.command [a --password=*** -p ***]\n") != std::string::npos);
    CHECK(text.find("service.pre_start [[b --password=***]]\n") != std::string::npos);
    CHECK(text.find("service.redact [--password=* -p]\n") != std::string::npos);
}

TEST_CASE("of a template its instances are shown, and what it hides is hidden in their own files", "[config][shown]")
{
    CHECK(lines({texts::set("a@", {{"a@.toml", "[service]\ncommand = [\"a\", \"%i\"]\nredact = [\"-p\"]\n"}}),
                 texts::set("a@x", {{"a@x.toml", "[service.ready]\ncommand = [\"b\", \"-p\", \"hunter2\"]\n"}})}) ==
          "a@.toml:2 service.command [a x]\n"
          "a@x.toml:2 service.ready.command [b -p ***]\n"
          "a@.toml:3 service.redact [-p]\n");
    CHECK(config::shown({texts::set("a@", {{"a@.toml", "[service]\ncommand = [\"a\"]\n"}})}, {}).empty());
}

TEST_CASE("what is complained of keeps its value for itself", "[config][shown]")
{
    CHECK(lines(texts::set("a", {{"a.toml", "[service]\ncommand = [\"a\"]\nnice = 1\n"
                                            "enviroment = { A = \"secret\" }\n"
                                            "user = [\n\"hush\"]\n"
                                            "[service.pasword]\nx = \"secret\"\n"}})) ==
          "a.toml:2 service.command [a]\n"
          "a.toml:4 service.enviroment.A (hidden)\n"
          "a.toml:3 service.nice 1\n"
          "a.toml:8 service.pasword.x (hidden)\n"
          "a.toml:5 service.user (hidden)\n");
    CHECK(lines(texts::set("a", {{"a.toml", "[service]\ncommand = \"a --password=hunter2\"\n"
                                            "environment = \"A=secret\"\n"}})) ==
          "a.toml:2 service.command (hidden)\na.toml:3 service.environment (hidden)\n");
}

TEST_CASE("of what is no TOML, or not all there, nothing is shown", "[config][shown]")
{
    const texts::Files files{{"a.toml", "[service]\ncommand = [\"a\", \"-p\", \"hunter2\"]\n"},
                             {"a.d/1.toml", "[service]\nredact = [\"-p\"\n"}};
    CHECK(lines(texts::set("a", files)).empty());
    auto set = texts::set("a", {files.front()});
    set.complete = false; // the drop-in could not be read
    CHECK(config::shown({set}, {}).front().keys.empty());
    CHECK(config::shown({set}, {}).front().files == std::vector<std::string>{"a.toml"});
}

TEST_CASE("messages end where they quote what is no key", "[config][shown]")
{
    CHECK(messages(texts::set("a", {{"a.toml", "[service]\ncommand = \"a --password=hunter2\"\n"}})).find("hunter") ==
          std::string::npos);
    CHECK(messages(texts::set("a", {{"a.toml", "[service]\ncommand = [\"a\"]\nenvironment = { A = 4711 }\n"}})) ==
          "\"A\" must be a string: write ***\n");
    CHECK(messages(texts::set("a", {{"a.toml", "[service]\ncommand = [\"a\"]\nnicee = 1\n"}})) ==
          "[service] has no key \"nicee\"; did you mean ***\n");
    for (const auto* broken :
         {"A = hunter2", "A = \"hunter2", "A = 'hunter2", "A = \"\\hunter2\"", "hunter2 = 1\nhunter2 = 2",
          "A = 1.hunter2", "A = truehunter2", "A = 12-hunter2", "A.hunter2.= 3", "[hunter2", "A = 0xhunter2"})
        CHECK(messages(texts::set("a", {{"a.toml", "[service]\n" + std::string(broken) + "\n"}})).find("unter2") ==
              std::string::npos);
}

TEST_CASE("what a NAME declares is told", "[config][shown]")
{
    const auto kind = [](const std::string& name, const std::string& text) {
        return config::shown({texts::set(name, {{name + ".toml", text}})}, {}).front().kind;
    };
    CHECK(kind("a", "[job]\ncommand = [\"a\"]\n") == "job");
    CHECK(kind("a", "[hook]\ncommand = [\"a\"]\n") == "hook");
    CHECK(kind("a", "[service]\ncommand = [\"a\"]\n") == "service");
    CHECK(kind("a", "x = 1\n").empty());
    CHECK(kind("processd", "stop_budget = \"1s\"\n") == "daemon");
}
