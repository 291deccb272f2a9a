// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/document.h"

#include "tests/processd/config/texts.h"

#include <catch2/catch.hpp>

using namespace processd;
using namespace std::chrono_literals;
using texts::problems;

namespace {

config::Loaded merged(const std::vector<std::string>& drop_ins)
{
    texts::Files files{{"a.toml", "[service]\ncommand = [\"/bin/a\", \"b\"]\nnice = 1\n"
                                  "environment = { A = \"1\", B = \"2\" }\n"
                                  "[service.ready]\ncommand = [\"/bin/x\"]\nevery = \"1s\"\n"}};
    for (std::size_t i = 0; i < drop_ins.size(); ++i)
        files.emplace_back("a.d/" + std::to_string(i) + ".toml", drop_ins[i]);
    return config::interpret({texts::set("a", files)});
}

} // namespace

TEST_CASE("a drop-in replaces values and arrays and merges tables", "[config][document]")
{
    const auto loaded = merged({"[service]\ncommand = [\"/bin/c\"]\nuser = \"nobody\"\n",
                                "[service]\nnice = 2\n[service.environment]\nB = \"3\"\nC = \"4\"\n"});
    REQUIRE(problems(loaded).empty());
    const auto& service = loaded->services.at("a");
    CHECK(service.process.command == std::vector<std::string>{"/bin/c"});
    CHECK(service.process.user == "nobody");
    CHECK(service.process.nice == 2);
    CHECK(service.process.environment == std::map<std::string, std::string>{{"A", "1"}, {"B", "3"}, {"C", "4"}});
    CHECK(service.ready.every == 1s);
}

TEST_CASE("the last drop-in wins", "[config][document]")
{
    CHECK(merged({"[service]\nnice = 2", "[service]\nnice = 3"})->services.at("a").process.nice == 3);
}

TEST_CASE("a mistake in a drop-in is told with the drop-in's name and line", "[config][document]")
{
    CHECK(problems(merged({"", "\n[service]\nnice = 30"})) ==
          "a.d/1.toml:3:8: \"nice\" must be a whole number from -20 to 19, not 30");
    CHECK(problems(merged({"[servce]"})) == "a.d/0.toml:1:2: [servce] is not known here; the file declares [service], "
                                            "[job] or [hook]; did you mean \"service\"?");
    CHECK(
        problems(merged({"[service]\nready = true"})) ==
        "a.d/0.toml:2:9: \"ready\" must be a table, like [service.ready] with command = [\"/usr/bin/ctdb\", \"ping\"], "
        "not true");
}

TEST_CASE("a drop-in may name another way to be ready", "[config][document]")
{
    const auto loaded = merged({"[service.ready]\nnotify = true"});
    REQUIRE(problems(loaded).empty());
    CHECK(loaded->services.at("a").ready.kind == model::ReadyKind::notify);
    CHECK(problems(merged({"[service.ready]\nnotify = true\nevery = \"2s\""})) ==
          "a.d/0.toml:3:1: \"every\" goes with command, tcp, unix, http and rpc only");
}

TEST_CASE("processd.toml has drop-ins too", "[config][document]")
{
    const auto loaded =
        config::interpret({texts::set("processd", {{"processd.toml", "log_level = \"debug\"\nstop_budget = \"1m\""},
                                                   {"processd.d/x.toml", "log_level = \"error\""}})});
    REQUIRE(loaded);
    CHECK(loaded->daemon.log_level == "error");
    CHECK(loaded->daemon.stop_budget == 1min);
}

TEST_CASE("a syntax error is told with its line, once per file, and hides no other file's", "[config][document]")
{
    const auto broken = "[service]\ncommand = [\"/bin/x\"\nnice = 1\n";
    const auto loaded =
        config::interpret({texts::set("a", {{"a.toml", broken}}), texts::set("b", {{"b.toml", "x = \n"}}),
                           texts::set("c", {{"c.toml", "[service]\ncommand = [\"c\"]\nafter = [\"a\"]"}})});
    REQUIRE_FALSE(loaded);
    REQUIRE(loaded.error().size() == 2);
    CHECK(loaded.error()[0].file == "a.toml");
    CHECK(loaded.error()[0].line == 3);
    CHECK(loaded.error()[0].message.substr(0, 10) == "not TOML: ");
    CHECK(loaded.error()[1].file == "b.toml");
    CHECK(loaded.error()[1].line == 1);
    CHECK(problems(texts::service("[service]\nnice = 1\nnice = 2")).substr(0, 12) == "a.toml:3:8: ");
}

TEST_CASE("what a file holds cannot break the line that tells of it", "[config][document]")
{
    CHECK(problems(texts::service("[service]\ncommand = [\"a\"]\n\"x\\n\\u001b[2J\" = 1")) ==
          "a.toml:3:1: [service] has no key \"x\\x0a\\x1b[2J\"");
}

TEST_CASE("no depth of nesting exhausts the stack", "[config][document]")
{
    std::string dots = "a";
    for (int i = 0; i < 400'000; ++i) dots += ".a";
    for (const auto& text : {dots + " = 1", "[" + dots + "]", "x = { " + dots + " = 1 }"}) {
        const auto loaded = texts::service(text);
        REQUIRE_FALSE(loaded);
        CHECK(loaded.error()[0].message == "a key has more than 16 dots; write tables instead");
    }
    CHECK_FALSE(texts::service("x = " + std::string(100'000, '[')));
    // Dots in strings and comments are no nesting, however the string is quoted.
    const std::string many(100, '.');
    for (const auto& text : {"x = \"" + many + "\\\"" + many + "\"", "x = '" + many + "'",
                             "x = \"\"\"" + many + "\n\"" + many + "\"\"\"\"", "x = '''" + many + "'''", "# " + many,
                             "\"" + many + "\" = 1"}) {
        CAPTURE(text);
        config::Complaints complaints{config::Origin{{"a.toml"}}};
        CHECK(config::parse(text, 0, complaints));
    }
}
