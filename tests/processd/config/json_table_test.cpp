// SPDX-License-Identifier: GPL-3.0-or-later
// Declarations that came over the API, beside files.
#include "processd/config/json_table.h"
#include "tests/processd/config/texts.h"

#include <catch2/catch.hpp>

using namespace processd;

namespace {

config::SourceSet transient(const std::string& name, const std::string& text)
{
    auto set = texts::set(name, {{"transient service " + name, text}});
    set.transient = model::Transient{"uid 0 (test)", {}};
    return set;
}

config::SourceSet file(const std::string& name, const std::string& more = {})
{
    return texts::set(name, {{name + ".toml", "[service]\ncommand = [\"x\"]\n" + more}});
}

} // namespace

TEST_CASE("JSON and TOML say the same", "[config][transient]")
{
    const auto json = config::interpret({transient("a", R"( {"service": {"command": ["/bin/x", "-v"], "nice": -5,
        "environment": {"B": "1", "A": ""}, "no_new_privs": true, "restart": {"delay": "2s"},
        "limits": {"nofile": 9007199254740993}}})")});
    const auto toml = config::interpret({transient("a", R"([service]
command = ["/bin/x", "-v"]
nice = -5
environment = { B = "1", A = "" }
no_new_privs = true
[service.restart]
delay = "2s"
[service.limits]
nofile = 9007199254740993
)")});
    CHECK(texts::problems(json) == "");
    REQUIRE(toml);
    CHECK(*json == *toml);
    CHECK(json->services.at("a").transient->by == "uid 0 (test)");
}

TEST_CASE("what is wrong in JSON is told by its key", "[config][transient]")
{
    const auto problems = [](const char* text) { return texts::problems(config::interpret({transient("a", text)})); };
    CHECK(problems(R"({"service": {"comand": ["x"]}})").find("transient service a: ") == 0);
    CHECK(problems(R"({"service": {"comand": ["x"]}})").find("did you mean \"command\"?") != std::string::npos);
    CHECK(problems(R"({"service": {"command": ["x"], "ready": {"timeout": null}}})") ==
          "transient service a: service.ready.timeout: it is null; leave the key out to have its default");
    CHECK(problems(R"({"service": {"command": ["x"], "limits": {"nofile": 18446744073709551615}}})") ==
          "transient service a: service.limits.nofile: the number is too large");
    CHECK(problems(R"({"service": )").find("transient service a: ") == 0);
    CHECK(problems(R"({"job": {"command": ["x"]}})") ==
          "transient service a: only services can be transient: it must be a \"service\"");
    CHECK(problems("").find("the file is empty") != std::string::npos);
    // A file is TOML, whatever it looks like.
    CHECK(texts::problems(texts::service("{}")).find("not TOML") != std::string::npos);
}

TEST_CASE("a key that is there twice is a mistake, wherever", "[config][transient]")
{
    const auto problems = [](const char* text) { return texts::problems(config::interpret({transient("a", text)})); };
    CHECK(problems(R"({"service": {"command": ["x"], "environment": {"A": "1", "B": "", "A": "2"}}})") ==
          "transient service a: service.environment.A: the key is there 2 times");
    CHECK(
        problems(
            R"({"service": {"command": ["x"], "logs": {"sink": [{"kind": "stderr"}, {"kind": "stderr", "kind": "file"}]}}})") ==
        "transient service a: service.logs.sink[1].kind: the key is there 2 times");
    CHECK(problems(R"({"service": {"command": ["x"]}, "service": {"command": ["x"]}})") ==
          "transient service a: service: the key is there 2 times");
}

TEST_CASE("declarations are compared by what they say", "[config][transient]")
{
    const auto json = R"({"service": {"command": ["x"], "nice": 1, "ready": {"tcp": "a:1"}}})";
    CHECK(config::same_declaration(json, R"( {"service":{"ready":{"tcp":"a:1"},"nice":1,"command":["x"]}} )"));
    CHECK(config::same_declaration(json, "[service]\nnice = 1\ncommand = [\"x\"]\nready.tcp = \"a:1\"\n"));
    CHECK_FALSE(
        config::same_declaration(json, R"({"service": {"command": ["x"], "nice": 1.0, "ready": {"tcp": "a:1"}}})"));
    CHECK_FALSE(
        config::same_declaration(json, R"({"service": {"command": ["x", "y"], "nice": 1, "ready": {"tcp": "a:1"}}})"));
    CHECK_FALSE(config::same_declaration(json, R"({"service": {"command": ["x"], "nice": 1}})"));
    CHECK_FALSE(config::same_declaration(json, "{"));
    CHECK(config::same_declaration("{", "{")); // as wrong as before
}

TEST_CASE("names that are no service's are refused", "[config][transient]")
{
    for (const auto* name : {"processd", "a@", "A", ""})
        CHECK(texts::problems(config::interpret({transient(name, R"({"service": {"command": ["x"]}})")}))
                  .find("cannot be the name of a transient service") != std::string::npos);
}

TEST_CASE("a transient service may rely on files and on others of its kind, a file on none", "[config][transient]")
{
    const auto needs = R"({"service": {"command": ["x"], "requires": ["a"]}})";
    CHECK(texts::problems(config::interpret({file("a"), transient("b", needs)})) == "");
    CHECK(texts::problems(
              config::interpret({transient("a", R"({"service": {"command": ["x"]}})"), transient("b", needs)})) == "");
    CHECK(texts::problems(config::interpret({transient("b", needs)}))
              .find("transient service b: service.requires: \"requires\" names \"a\"") == 0);
    CHECK(texts::problems(config::interpret(
              {file("c", "after = [\"a\"]\n"), transient("a", R"({"service": {"command": ["x"]}})")})) ==
          "c.toml:3:10: \"after\" names \"a\", which is transient and ends with the daemon: a file cannot rely on it");
}

TEST_CASE("a file does not take the name of a transient service", "[config][transient]")
{
    const auto other = transient("a", R"({"service": {"command": ["y"]}})");
    const std::string told = "a.toml: a transient service has this name; remove it first, with processctl remove a";
    CHECK(texts::problems(config::interpret({file("a"), other})) == told);
    CHECK(texts::problems(config::interpret({other, file("a")})) == told);
}

TEST_CASE("a transient service may be an instance of a template", "[config][transient]")
{
    const auto family = texts::set("a@", {{"a@.toml", "[service]\ncommand = [\"x\", \"%i\"]\n"}});
    const auto own = transient("a@b", R"({"service": {"nice": 3}})");
    const auto loaded = config::interpret({family, own});
    CHECK(texts::problems(loaded) == "");
    CHECK(loaded->services.at("a@b").process.command == std::vector<std::string>{"x", "b"});
    CHECK(loaded->services.at("a@b").process.nice == 3);
    const auto listed = texts::set("a@", {{"a@.toml", "[service]\ninstances = [\"b\"]\ncommand = [\"x\", \"%i\"]\n"}});
    CHECK(texts::problems(config::interpret({listed, own}))
              .find("a@.toml: a transient service has the name of its instance a@b") == 0);
}
