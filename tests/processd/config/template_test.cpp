// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/template.h"

#include "tests/processd/config/texts.h"

#include <catch2/catch.hpp>

using namespace processd;
using texts::problems;

namespace {

const std::string smbd = "[service]\ncommand = [\"/usr/sbin/smbd\", \"-s\", \"/etc/samba/%i.conf\"]\n";

// NAME (of NAME.toml) or NAME.d (of a drop-in in it) and its text.
config::Loaded files(const texts::Files& all)
{
    std::map<std::string, config::SourceSet> sets;
    for (const auto& [name, text] : all) {
        const bool drop_in = name.ends_with(".d");
        const auto stem = drop_in ? name.substr(0, name.size() - 2) : name;
        auto& set = sets[stem];
        set.name = stem;
        if (!drop_in) set.has_main = true;
        set.files.push_back({drop_in ? name + "/x.toml" : name + ".toml", text});
    }
    std::vector<config::SourceSet> list;
    for (auto& entry : sets) list.push_back(std::move(entry.second));
    return config::interpret(list);
}

std::vector<std::string> names(const config::Loaded& loaded)
{
    std::vector<std::string> found;
    if (loaded)
        for (const auto& entry : loaded->services) found.push_back(entry.first);
    return found;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("a name is divided at its first @", "[config][template]")
{
    CHECK(config::is_template("smbd@"));
    for (const char* name : {"smbd", "smbd@a", "@", "", "a@b@"}) {
        CAPTURE(name);
        CHECK_FALSE(config::is_template(name));
    }
    CHECK(config::instance_of("smbd@a")->family == "smbd@");
    CHECK(config::instance_of("smbd@a@b")->instance == "a@b");
    for (const char* name : {"smbd", "smbd@", "@a", ""}) {
        CAPTURE(name);
        CHECK_FALSE(config::instance_of(name));
    }
    for (const char* text : {"a", "1", "a.b_c-d@e", "processd"}) CHECK(config::is_instance("smbd@", text));
    for (const char* text : {"", ".", "..", "A", "a b", "a/b", "-a", "@"}) {
        CAPTURE(text);
        CHECK_FALSE(config::is_instance("smbd@", text));
    }
    CHECK(config::is_instance("smbd@", std::string(59, 'x')));
    CHECK_FALSE(config::is_instance("smbd@", std::string(60, 'x')));
}

TEST_CASE("a template's instances are those of its list and those with a file", "[config][template]")
{
    CHECK(names(files({{"smbd@", smbd + "instances = [\"a\", \"b\"]"}})) == Names{"smbd@a", "smbd@b"});
    CHECK(names(files({{"smbd@", smbd + "instances = [\"b\"]"}, {"smbd@b", ""}, {"smbd@c", ""}, {"web", smbd}})) ==
          Names{"smbd@b", "smbd@c", "web"});
    CHECK(names(files({{"smbd@", smbd}, {"smbd@.d", "[service]\ninstances = [\"d\"]"}})) == Names{"smbd@d"});
    CHECK(names(files({{"smbd@", smbd}})).empty());
    CHECK(names(files({{"smbd@", smbd + "instances = []"}})).empty());
    CHECK(problems(files({{"smbd@", smbd}})).empty());
    // Without a template an @ is a character as any other.
    CHECK(names(files({{"smbd@a", smbd}})) == Names{"smbd@a"});
}

TEST_CASE("an instance is the template with its own files over it", "[config][template]")
{
    const auto loaded =
        files({{"smbd@", smbd + "instances = [\"a\", \"b\"]\nnice = 1\n[service.stop]\ntimeout = \"1m\""},
               {"smbd@.d", "[service]\numask = \"077\"\nnice = 2"},
               {"smbd@b", "[service]\nnice = 3\nstop = { signal = \"INT\" }"},
               {"smbd@b.d", "[service]\ncwd = \"/srv/%i\""}});
    REQUIRE(problems(loaded) == "");
    const auto& a = loaded->services.at("smbd@a");
    const auto& b = loaded->services.at("smbd@b");
    CHECK(a.name == "smbd@a");
    CHECK(a.process.command.back() == "/etc/samba/a.conf");
    CHECK(a.process.nice == 2);
    CHECK(a.process.umask == 077);
    CHECK(a.process.cwd == "/");
    CHECK(b.process.command.back() == "/etc/samba/b.conf");
    CHECK(b.process.nice == 3);
    CHECK(b.process.umask == 077);
    CHECK(b.process.cwd == "/srv/b");
    CHECK(b.stop.signal == "INT");
    CHECK(b.stop.timeout == std::chrono::minutes{1});
}

TEST_CASE("what a template replaces is replaced in every string, and in templates only", "[config][template]")
{
    const auto loaded =
        files({{"smbd@", "[service]\ninstances = [\"a\"]\ncommand = [\"x\", \"%i\", \"%n\", \"%%i\", \"100%\", \"%\", "
                         "\"%i%i%%\", \"é%n\"]\nuser = \"u-%i\"\nenvironment = { A = \"%i\" }\n"
                         "pre_start = [[\"/bin/%n\"]]\n[service.cgroup]\ncpu_max = \"150%\""},
               {"plain", "[service]\ncommand = [\"date\", \"+%H\", \"%i\", \"%%\"]"}});
    REQUIRE(problems(loaded) == "");
    const auto& process = loaded->services.at("smbd@a").process;
    CHECK(process.command == Names{"x", "a", "smbd@a", "%i", "100%", "%", "aa%", "ésmbd@a"});
    CHECK(process.user == "u-a");
    CHECK(process.environment == std::map<std::string, std::string>{{"A", "a"}});
    CHECK(loaded->services.at("smbd@a").pre_start.front().front() == "/bin/smbd@a");
    CHECK(loaded->services.at("plain").process.command == Names{"date", "+%H", "%i", "%%"});
}

TEST_CASE("jobs and hooks have templates too", "[config][template]")
{
    const auto loaded =
        files({{"backup@", "[job]\ninstances = [\"a\"]\ncommand = [\"backup\", \"%i\"]\nevery = \"1d\""},
               {"tell@", "[hook]\ncommand = [\"tell\", \"%i\"]\non = \"service.failed\""},
               {"tell@ops", ""}});
    REQUIRE(problems(loaded) == "");
    CHECK(loaded->jobs.at("backup@a").process.command.back() == "a");
    CHECK(loaded->jobs.at("tell@ops").hook);
}

TEST_CASE("a mistake in a template is told once, with the instances that have it", "[config][template]")
{
    CHECK(problems(files({{"smbd@", smbd + "nise = 1\ninstances = [\"a\", \"b\"]"}})) ==
          "smbd@.toml:3:1: [service] has no key \"nise\"; did you mean \"nice\"? (smbd@a, smbd@b)");
    CHECK(problems(files({{"smbd@", smbd + "nise = 1\ninstances = [\"a\"]"}, {"smbd@c", ""}}))
              .ends_with("(smbd@a, smbd@c)"));
    CHECK(problems(files({{"smbd@", smbd + "nice = 99\ninstances = [\"1\", \"2\", \"3\", \"4\", \"5\"]"},
                          {"smbd@2", "[service]\nnice = 2"}})) ==
          "smbd@.toml:3:8: \"nice\" must be a whole number from -20 to 19, not 99 (smbd@1, smbd@3, smbd@4 and 1 more)");
    CHECK(problems(files({{"smbd@", smbd}, {"smbd@a", "[service]\nnice = 99"}})) ==
          "smbd@a.toml:2:8: \"nice\" must be a whole number from -20 to 19, not 99 (smbd@a)");
    // Told although there is no instance yet.
    CHECK(problems(files({{"smbd@", smbd + "nise = 1"}})) ==
          "smbd@.toml:3:1: [service] has no key \"nise\"; did you mean \"nice\"?");
    CHECK(problems(files({{"smbd@", "[service"}, {"smbd@a", ""}, {"web", smbd + "after = [\"smbd@b\"]"}}))
              .starts_with("smbd@.toml:1:9: not TOML"));
}

TEST_CASE("what means nothing behind a percent sign is told with what does", "[config][template]")
{
    const std::string right =
        " means nothing in a template: there are %i, the instance; %n, the whole name; and %%, a percent sign";
    CHECK(problems(files({{"smbd@", smbd + "instances = [\"a\"]\ncwd = \"/%h\""}})) ==
          "smbd@.toml:4:7: \"%h\"" + right + " (smbd@a)");
    CHECK(problems(files({{"smbd@", smbd + "environment = { A = \"%é\" }"}})) == "smbd@.toml:3:21: \"%é\"" + right);
    CHECK(problems(files({{"smbd@", smbd}, {"smbd@a", "[service]\npost_stop = [[\"date\", \"+%Y\"]]"}})) ==
          "smbd@a.toml:2:23: \"%Y\"" + right + " (smbd@a)");
}

TEST_CASE("what two instances would share is told", "[config][template]")
{
    const auto both = smbd + "instances = [\"a\", \"b\"]\n";
    CHECK(problems(files({{"smbd@", both + "runtime_directory = \"/run/smbd\""}})) ==
          "smbd@.toml:4:21: \"/run/smbd\" is the runtime directory of smbd@a too, and either would remove it when it "
          "stops (smbd@b)");
    CHECK(problems(files({{"smbd@", both + "[[service.logs.sink]]\nkind = \"file\"\npath = \"/var/log/smbd\""}})) ==
          "smbd@.toml:4:1: two sinks write the file \"/var/log/smbd\", here and in smbd@a (smbd@b)");
    CHECK(problems(files({{"smbd@", both + "runtime_directory = \"/run/smbd/%i\""}})).empty());
}

TEST_CASE("a list of instances holds names", "[config][template]")
{
    CHECK(problems(files({{"smbd@", smbd + "instances = [\"a\", \"B\"]"}, {"web", smbd + "after = [\"smbd@b\"]"}})) ==
          "smbd@.toml:3:19: \"B\" cannot be an instance: it has a letter or digit first and then a-z 0-9 _ . @ -, and "
          "with \"smbd@\" before it at most 64 of them");
    CHECK(problems(files({{"smbd@", smbd + "instances = \"a\""}})) ==
          "smbd@.toml:3:13: \"instances\" must be an array of strings: write [\"a\"]");
    CHECK(problems(files({{"smbd@", smbd + "instances = [\"a\", \"a\"]"}})) ==
          "smbd@.toml:3:19: \"instances\" names \"a\" twice");
    CHECK(problems(files({{"smbd", smbd + "instances = [\"a\"]"}})) ==
          "smbd.toml:3:1: \"instances\" stands in templates only, which are files like smbd@.toml");
    CHECK(problems(files({{"smbd@", smbd}, {"smbd@a", "[service]\ninstances = [\"b\"]"}})) ==
          "smbd@a.toml:2:1: \"instances\" stands in templates only, which are files like smbd@.toml (smbd@a)");
    std::string many = "instances = [\"x\"";
    for (int i = 0; i < 4095; ++i) many += ", \"" + std::to_string(i) + "\"";
    CHECK(problems(files({{"a@", smbd + many + "]"}, {"b@", smbd + "instances = [\"y\", \"z\"]"}})) ==
          "b@.toml: the templates have more than 4096 instances; b@y and those after it were not read");
}

TEST_CASE("a drop-in needs the instance or the template that it belongs to", "[config][template]")
{
    CHECK(problems(files({{"smbd@", smbd}, {"smbd@a.d", "[service]\nnice = 1"}})) ==
          "smbd@a.d/x.toml: is a drop-in for an instance that nothing declares: add \"a\" to \"instances\" in "
          "smbd@.toml, or make smbd@a.toml, which may be empty");
    CHECK(problems(files({{"smbd@.d", "[service]\nnice = 1"}})) ==
          "smbd@.d/x.toml: is a drop-in for a template without a file: there is no smbd@.toml");
    CHECK(problems(files({{"smbd@", smbd}, {"smbd@-a", ""}})) ==
          "smbd@-a.toml: an instance of smbd@.toml has a letter or digit first, so there cannot be one called \"-a\"");
}

TEST_CASE("an instance that is named must be declared", "[config][template]")
{
    const auto named = [&](const std::string& name) {
        return problems(
            files({{"smbd@", smbd + "instances = [\"alpha\"]"}, {"web", smbd + "requires = [\"" + name + "\"]"}}));
    };
    CHECK(named("smbd@alpha").empty());
    CHECK(named("smbd@alhpa") ==
          "web.toml:3:13: \"requires\" names \"smbd@alhpa\", which is an instance that nothing declares: add \"alhpa\" "
          "to \"instances\" in smbd@.toml, or make smbd@alhpa.toml, which may be empty; did you mean \"smbd@alpha\"?");
    CHECK(named("smbd@").starts_with(
        "web.toml:3:13: \"requires\" names \"smbd@\", which is a template: name one of its instances, like "));
    CHECK(named("nmbd@a") == "web.toml:3:13: \"requires\" names \"nmbd@a\", which is no service here");
    CHECK(problems(files({{"smbd@", smbd + "instances = [\"a\"]\nafter = [\"ctdbd\"]"}})) ==
          "smbd@.toml:4:10: \"after\" names \"ctdbd\", which is no service here (smbd@a)");
    CHECK(problems(files({{"smbd@", smbd + "instances = [\"a\"]\nafter = [\"winbindd@%i\"]"},
                          {"winbindd@", smbd + "instances = [\"a\"]"}}))
              .empty());
}
