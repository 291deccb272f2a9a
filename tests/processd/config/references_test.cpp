// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/processd/config/texts.h"

#include <catch2/catch.hpp>

using namespace processd;
using texts::problems;

namespace {

// NAME and the lines that follow its command.
config::Loaded services(const std::vector<std::pair<std::string, std::string>>& all)
{
    std::vector<config::SourceSet> sets;
    for (const auto& [name, lines] : all)
        sets.push_back(texts::set(name, {{name + ".toml", "[service]\ncommand = [\"x\"]\n" + lines}}));
    return config::interpret(sets);
}

} // namespace

TEST_CASE("services may name each other", "[config][references]")
{
    const auto loaded = services({{"ctdbd", "after = [\"network\"]\nrequires = [\"rpcbind\"]\nbinds_to = [\"smbd\"]"},
                                  {"network", ""},
                                  {"rpcbind", "after = [\"network\"]"},
                                  {"smbd", ""}});
    REQUIRE(problems(loaded).empty());
    const auto& ctdbd = loaded->services.at("ctdbd");
    CHECK(ctdbd.after == std::vector<std::string>{"network"});
    CHECK(ctdbd.requires_ == std::vector<std::string>{"rpcbind"});
    CHECK(ctdbd.binds_to == std::vector<std::string>{"smbd"});
}

TEST_CASE("a reference to no service names the nearest one", "[config][references]")
{
    CHECK(problems(services({{"ctdbd", ""}, {"smbd", "after = [\"x\"]\nrequires = [\"ctdb\"]"}})) ==
          "smbd.toml:3:10: \"after\" names \"x\", which is no service here\n"
          "smbd.toml:4:13: \"requires\" names \"ctdb\", which is no service here; did you mean \"ctdbd\"?");
}

TEST_CASE("a service whose file is broken exists all the same", "[config][references]")
{
    CHECK(problems(services({{"a", "nice = 77"}, {"b", "after = [\"a\"]"}})) ==
          "a.toml:3:8: \"nice\" must be a whole number from -20 to 19, not 77");
}

TEST_CASE("services that wait for each other are named in order", "[config][references]")
{
    CHECK(problems(services({{"a", "after = [\"a\"]"}})) ==
          "a.toml:3:10: services wait for each other: a -> a; take one of these out");
    CHECK(problems(services({{"a", "after = [\"b\"]"}, {"b", "requires = [\"c\"]"}, {"c", "binds_to = [\"a\"]"}})) ==
          "c.toml:3:13: services wait for each other: a -> b -> c -> a; take one of these out");
    CHECK(problems(services({{"a", "after = [\"b\"]"}, {"b", "after = [\"c\"]"}, {"c", "after = [\"b\"]"}})) ==
          "c.toml:3:10: services wait for each other: b -> c -> b; take one of these out");
}

TEST_CASE("two circles are told as two", "[config][references]")
{
    const auto loaded = services({{"a", "after = [\"b\", \"c\"]"}, {"b", "after = [\"a\"]"}, {"c", "after = [\"a\"]"}});
    CHECK(problems(loaded) == "b.toml:3:10: services wait for each other: a -> b -> a; take one of these out\n"
                              "c.toml:3:10: services wait for each other: a -> c -> a; take one of these out");
}

TEST_CASE("a long chain is no circle", "[config][references]")
{
    std::vector<std::pair<std::string, std::string>> chain;
    for (int i = 0; i < 4000; ++i)
        chain.emplace_back("s" + std::to_string(i), i == 0 ? "" : "after = [\"s" + std::to_string(i - 1) + "\"]");
    CHECK(problems(services(chain)).empty());
}

TEST_CASE("two services do not share a runtime directory", "[config][references]")
{
    CHECK(problems(services({{"a", "runtime_directory = \"/run/x\""}, {"b", "runtime_directory = \"/run/x/\""}})) ==
          "b.toml:3:21: \"/run/x\" is the runtime directory of a too, and either would remove it when it stops");
}
