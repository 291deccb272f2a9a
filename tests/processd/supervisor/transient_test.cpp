// SPDX-License-Identifier: GPL-3.0-or-later
// Services that were declared over the API, beside those of files.
#include "processd/loop/loop.h"
#include "processd/store/directory.h"
#include "processd/store/state.h"
#include "processd/supervisor/configured.h"
#include "tests/processd/store/support.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace processd;
using namespace processd::supervisor;

namespace {

config::SourceSet file(const std::string& name, const std::string& more = {})
{
    config::SourceSet set;
    set.name = name;
    set.files = {{name + ".toml", "[service]\ncommand = [\"x\"]\n" + more}};
    set.has_main = true;
    return set;
}

config::SourceSet guest(const std::string& name, const std::string& more = {})
{
    return transient_set(name, R"({"service": {"command": ["x"])" + more + "}}", {"uid 0 (test)", {}});
}

std::vector<std::string> names(const model::Configuration& configuration)
{
    std::vector<std::string> names;
    for (const auto& entry : configuration.services) names.push_back(entry.first);
    return names;
}
using Names = std::vector<std::string>;

std::string why(const SetAside& aside, const std::string& name)
{
    const auto found = aside.find(name);
    return found == aside.end() ? "" : found->second;
}

const base::WallTime then{std::chrono::hours{24 * 365}};
const model::Transient somebody{"uid 0 (test)", then};
const model::Transient other{"uid 1", then};
constexpr const char* plain = R"({"service": {"command": ["x"]}})";

struct Daemon {
    explicit Daemon(const std::vector<std::string>& services)
    {
        std::filesystem::create_directory(config);
        for (const auto& name : services)
            std::ofstream(config + "/" + name + ".toml") << "[service]\ncommand = [\"x\"]\n";
    }
    test::TemporaryDirectory temporary;
    std::string config = temporary / "config";
    store::Directory directory = *store::Directory::open(temporary / "state");
    store::State state = *store::State::open(directory, false);
    loop::Loop loop;
    Configured configured{loop, state, config};
};

} // namespace

TEST_CASE("what is wrong with a transient service is nobody else's trouble", "[supervisor][transient]")
{
    SetAside aside;
    SECTION("all is well")
    {
        const auto found = fit({file("a")}, {}, {guest("b"), guest("c", R"(, "requires": ["a", "b"])")}, aside);
        REQUIRE(found);
        CHECK(names(*found) == Names{"a", "b", "c"});
        CHECK(aside.empty());
    }
    SECTION("one is wrong, and so what relies on it")
    {
        const auto found = fit({file("a")}, {},
                               {guest("b", R"(, "nice": "x")"), guest("c", R"(, "after": ["b"])"), guest("d")}, aside);
        REQUIRE(found);
        CHECK(names(*found) == Names{"a", "d"});
        CHECK(why(aside, "b").find("transient service b: service.nice: ") == 0);
        CHECK(why(aside, "c").find("transient service c: service.after: ") == 0);
    }
    SECTION("a file has taken its name")
    {
        const auto found = fit({file("a"), file("b")}, {}, {guest("b"), guest("d")}, aside);
        REQUIRE(found);
        CHECK(names(*found) == Names{"a", "b", "d"});
        CHECK_FALSE(found->services.at("b").transient);
        CHECK(why(aside, "b") == "it is declared by b.toml");
    }
    SECTION("a file is wrong beside it")
    {
        const auto found = fit({file("z", "runtime_directory = \"/run/x\"\n")}, {},
                               {guest("b", R"(, "runtime_directory": "/run/x")")}, aside);
        REQUIRE(found);
        CHECK(names(*found) == Names{"z"});
        CHECK(aside.size() == 1);
    }
    SECTION("the files are wrong by themselves")
    {
        const auto found = fit({file("a", "nice = \"x\"\n")}, {}, {guest("b")}, aside);
        REQUIRE_FALSE(found);
        CHECK(found.error().size() == 1);
    }
}

TEST_CASE("transient services outlive a manager and not the daemon", "[supervisor][transient]")
{
    Daemon daemon({"a"});
    REQUIRE(daemon.configured.begin({}));
    using Declared = Configured::Declared;
    CHECK(daemon.configured.declare("b", plain, somebody) == Declared::created);
    CHECK(daemon.configured.declare("b", R"( { "service": { "command": [ "x" ] } } )", other) == Declared::unchanged);
    CHECK(daemon.configured.declare("b", R"({"service": {"command": ["y"]}})", other) == Declared::changed);

    Configured next(daemon.loop, daemon.state, daemon.config);
    REQUIRE(next.take_up());
    CHECK(names(next.in_force()) == Names{"a", "b"});
    CHECK(next.in_force().services.at("b").transient == other);
    CHECK(next.withdraw("b"));
    CHECK(names(next.in_force()) == Names{"a"});
    CHECK(next.withdraw("b").error().error.code == base::Errc::not_found);

    CHECK(next.declare("b", plain, somebody) == Declared::created);
    Configured later(daemon.loop, daemon.state, daemon.config);
    REQUIRE(later.begin({transient_gone("b")})); // as the supervisor does for a new keeper
    CHECK(names(later.in_force()) == Names{"a"});
}

TEST_CASE("nothing is declared where the configuration in force cannot be read back", "[supervisor][transient]")
{
    Daemon daemon({"a"});
    REQUIRE(daemon.configured.begin({}));
    REQUIRE(daemon.configured.declare("b", plain, somebody));
    for (const auto& damage : {nlohmann::json("text"), nlohmann::json({{{"name", 5}}})}) {
        REQUIRE(daemon.state.put_now("configuration", damage));
        CHECK(daemon.configured.declare("c", plain, somebody).error().error.code == base::Errc::corrupt);
        CHECK(daemon.configured.withdraw("b").error().error.code == base::Errc::corrupt);
        CHECK(names(daemon.configured.in_force()) == Names{"a", "b"});
    }
    // The next manager goes by the disk, and all is as before.
    Configured next(daemon.loop, daemon.state, daemon.config);
    REQUIRE(next.take_up());
    CHECK(names(next.in_force()) == Names{"a", "b"});
    CHECK(next.declare("c", plain, somebody));
    CHECK(names(next.in_force()) == Names{"a", "b", "c"});
}

TEST_CASE("a record that cannot be read is set aside until it is declared anew", "[supervisor][transient]")
{
    Daemon daemon({"a"});
    REQUIRE(daemon.configured.begin({}));
    for (const auto* name : {"b", "c", "d"}) REQUIRE(daemon.configured.declare(name, plain, somebody));
    REQUIRE(daemon.state.apply({{"transient/b", "{"}, store::change_of("transient/c", {{"by", 7}})}));
    Configured next(daemon.loop, daemon.state, daemon.config);
    REQUIRE(next.take_up());
    CHECK(names(next.in_force()) == Names{"a", "d"});
    CHECK(next.set_aside().size() == 2);
    CHECK(why(next.set_aside(), "b").find("not JSON") != std::string::npos);
    CHECK(next.declare("b", plain, somebody) == Configured::Declared::created);
    CHECK(next.withdraw("c"));
    CHECK(next.set_aside().empty());
    CHECK(names(next.in_force()) == Names{"a", "b", "d"});
}
