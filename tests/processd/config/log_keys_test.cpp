// SPDX-License-Identifier: GPL-3.0-or-later
// [service.logs], and what only all files together can tell; processd.toml's mistakes are in daemon_keys_test.cpp.
#include "tests/processd/config/texts.h"

#include <catch2/catch.hpp>

using namespace processd;
using namespace std::chrono_literals;
using texts::problems;

namespace {

// processd.toml, and what follows the commands of the services a and b.
config::Loaded files(const std::string& daemon, const std::string& a, const std::string& b = "")
{
    const std::string service = "[service]\ncommand = [\"x\"]\n";
    return config::interpret({texts::set("a", {{"a.toml", service + a}}), texts::set("b", {{"b.toml", service + b}}),
                              texts::set("processd", {{"processd.toml", daemon}})});
}

} // namespace

TEST_CASE("a service has sinks of its own and names those of processd.toml", "[config][logs]")
{
    const auto loaded =
        files("[[logs.sink]]\nname = \"all\"\nkind = \"journald\"",
              "[service.logs]\nstdout = [\"own\", \"all\"]\nstderr = []\nrate_lines = 5\n"
              "[[service.logs.sink]]\nname = \"own\"\nkind = \"file\"\npath = \"/a\"\nmax_age = \"1d\"\n"
              "[[service.logs.sink]]\nkind = \"syslog\"\naddress = \"[::1]:514\"");
    REQUIRE(problems(loaded).empty());
    model::LogSpec expected;
    expected.sinks = {{"own", model::SinkKind::file, model::LineFormat::text, "/a", 10 << 20, 24h},
                      {"", model::SinkKind::syslog, model::LineFormat::rfc5424, "", 10 << 20, 0s, 5, "[::1]:514"}};
    expected.out = {{"own", "all"}};
    expected.err = std::vector<std::string>{};
    expected.rate_lines = 5;
    CHECK(loaded->services.at("a").logs == expected);
    CHECK(loaded->services.at("b").logs == model::LogSpec{});
}

TEST_CASE("each mistake in [service.logs] is told with its place and what would be right", "[config][logs]")
{
    const std::string all = "[[logs.sink]]\nname = \"all\"\nkind = \"file\"\npath = \"/all\"";
    struct Row {
        std::string a, b, message;
    };
    for (const auto& row : std::vector<Row>{
             {"[service.logs]\nstdot = [\"all\"]", "",
              "a.toml:4:1: [service.logs] has no key \"stdot\"; did you mean \"stdout\"?"},
             {"[service.logs]\nstdout = [\"al\"]", "",
              "a.toml:4:11: \"stdout\" names \"al\", which is no sink here: a sink to be named has a \"name\"; did you "
              "mean \"all\"?"},
             {"logs = [\"all\"]", "",
              "a.toml:3:8: \"logs\" must be a table, like [service.logs] with stdout = [\"services\"], not an array"},
             {"[[service.logs.sink]]\nkind = \"stderr\"", "",
              "a.toml:4:8: a service has no stderr sink of its own: give one in processd.toml a name, and name it in "
              "\"stdout\" and \"stderr\" here"},
             {"[[service.logs.sink]]\npath = \"/x\"", "",
              "a.toml:3:1: [[service.logs.sink]] needs a kind: \"stderr\", \"file\", \"syslog\" or \"journald\""},
             {"[[service.logs.sink]]\nkind = \"file\"\npath = \"/x\"\nkepe = 3", "",
              "a.toml:6:1: [service.logs.sink] has no key \"kepe\"; did you mean \"keep\"?"},
             // One file, two sinks: each would rotate it under the other.
             {"[[service.logs.sink]]\nkind = \"file\"\npath = \"/x\"",
              "[[service.logs.sink]]\nkind = \"file\"\npath = \"/x\"",
              "b.toml:3:1: two sinks write the file \"/x\", here and in a.toml"},
             {"[[service.logs.sink]]\nkind = \"file\"\npath = \"/all\"", "",
              "a.toml:3:1: two sinks write the file \"/all\", here and in processd.toml"},
             // A sink of one service is not there for another.
             {"[[service.logs.sink]]\nname = \"own\"\nkind = \"file\"\npath = \"/x\"",
              "[service.logs]\nstderr = [\"own\"]",
              "b.toml:4:11: \"stderr\" names \"own\", which is no sink here: a sink to be named has a \"name\""},
         }) {
        CAPTURE(row.a, row.b);
        CHECK(problems(files(all, row.a, row.b)) == row.message);
    }
}

TEST_CASE("a broken processd.toml is not said to lack sinks", "[config][logs]")
{
    CHECK(problems(files("[[logs.sink]", "[service.logs]\nstdout = [\"all\"]")).find("a.toml") == std::string::npos);
}
