// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/process_spec.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

using namespace processd::model;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

std::string problem(json j)
{
    if (!j.contains("command")) j["command"] = {"x"};
    const auto spec = process_spec_from(j);
    return spec ? "" : spec.error().message();
}

} // namespace

TEST_CASE("a command alone is a process with defaults", "[model][process]")
{
    const auto spec = process_spec_from(json{{"command", {"/bin/true"}}});
    REQUIRE(spec);
    ProcessSpec expected;
    expected.command = {"/bin/true"};
    CHECK(*spec == expected);
    CHECK(process_spec_from(json{{"command", {"/bin/true"}}, {"group", nullptr}, {"cwd", nullptr}}).value() ==
          expected);
}

TEST_CASE("every key of a process survives JSON", "[model][process]")
{
    ProcessSpec spec;
    spec.command = {"ls", "-l", ""};
    spec.user = "1000";
    spec.group = "adm";
    spec.groups = std::vector<std::string>{};
    spec.cwd = "/var";
    spec.umask = 0777;
    spec.environment = {{"A", "b=c"}, {"EMPTY", ""}};
    spec.environment_file = "/etc/x";
    spec.nice = -20;
    spec.io_class = "idle";
    spec.io_level = 7;
    spec.scheduler = "fifo";
    spec.priority = 99;
    spec.cpus = {0, 4095};
    spec.oom_score_adj = -1000;
    spec.limits = {{"nofile", {1, 2}}, {"core", {0, unlimited}}};
    spec.redact = {"-p", "--key=*"};
    spec.ring_bytes = 64 << 20;
    spec.spawn_timeout = 1h;
    CHECK(process_spec_from(json(spec)).value() == spec);
}

TEST_CASE("what is to be redacted of a command is not shown", "[model][process]")
{
    using Words = std::vector<std::string>;
    const auto shown = [](const Words& command, const Words& redact) {
        ProcessSpec spec;
        spec.command = command;
        spec.redact = redact;
        return shown_command(spec);
    };
    CHECK(shown({"x", "a", "b"}, {}) == Words{"x", "a", "b"});
    CHECK(shown({"x", "--key=s", "--keys", "s"}, {"--key=*"}) == Words{"x", "--key=***", "--keys", "s"});
    CHECK(shown({"x", "pass-word"}, {"*-*"}) == Words{"x", "***"});
    CHECK(shown({"x", "-p", "s", "-p", "t", "-p"}, {"-p"}) == Words{"x", "-p", "***", "-p", "***", "-p"});
    CHECK(shown({"x", "-p", "-p", "s"}, {"-p"}) == Words{"x", "-p", "***", "***"});
    CHECK(shown({"x", "a\nb"}, {"a*"}) == Words{"x", "a***"});
    CHECK(shown({"*", "y"}, {"*"}) == Words{"*", "***"});
}

TEST_CASE("a malformed process is refused with its key and what would be right", "[model][process]")
{
    const std::vector<std::pair<json, std::string>> rows{
        {{{"comand", 1}}, "a process has no key \"comand\"; did you mean \"command\"?"},
        {{{"command", "/bin/true"}}, R"("command" must be an array of strings, like ["/bin/sleep", "5"])"},
        {{{"command", {1}}}, R"("command" must be an array of strings, like ["/bin/sleep", "5"])"},
        {{{"command", json::array()}},
         R"("command" must be an array of strings that names a program, like ["/bin/sleep", "5"])"},
        {{{"command", {""}}},
         R"("command" must be an array of strings that names a program, like ["/bin/sleep", "5"])"},
        {{{"command", {std::string("a\0b", 3)}}}, R"("command" must be an array of strings, like ["/bin/sleep", "5"])"},
        {{{"user", 0}}, R"("user" must be a string)"},
        {{{"user", ""}}, R"("user" must be a name or a number)"},
        {{{"group", ""}}, R"("group" must be a name or a number)"},
        {{{"cwd", "tmp"}}, R"("cwd" must be an absolute path)"},
        {{{"umask", 512}}, R"("umask" must be a whole number from 0 to 511)"},
        {{{"nice", 1.5}}, R"("nice" must be a whole number from -20 to 19)"},
        {{{"nice", 18446744073709551615ULL}}, R"("nice" must be a whole number from -20 to 19)"},
        {{{"environment", {"A=1"}}}, R"("environment" must be an object like {"LANG": "C"})"},
        {{{"environment", {{"A=B", "1"}}}}, R"("environment" must be names without "=" and string values without NUL)"},
        {{{"environment", {{"A", 1}}}}, R"("environment" must be names without "=" and string values without NUL)"},
        {{{"io_class", "best"}}, R"("io_class" must be one of none, realtime, best-effort, idle)"},
        {{{"priority", 1}}, R"("priority" must be a whole number from 0 to 0)"},
        {{{"scheduler", "rr"}}, R"("priority" must be 1 to 99 with scheduler rr)"},
        {{{"cpus", {4096}}}, R"("cpus" must be an array of CPU numbers below 4096, like [0, 1])"},
        {{{"oom_score_adj", 1001}}, R"("oom_score_adj" must be a whole number from -1000 to 1000)"},
        {{{"limits", {{"nofile", {{"soft", 2}, {"hard", 1}}}}}},
         R"("limits.nofile" must be a number, "unlimited" or {"soft": N, "hard": M} with N at most M)"},
        {{{"limits", {{"nofile", -1}}}},
         R"("limits.nofile" must be a number, "unlimited" or {"soft": N, "hard": M} with N at most M)"},
        {{{"ring_bytes", 1}}, R"("ring_bytes" must be a whole number from 131072 to 67108864)"},
        {{{"spawn_timeout_ms", 0}}, R"("spawn_timeout_ms" must be a whole number from 1 to 3600000)"},
    };
    for (const auto& [j, message] : rows) {
        CAPTURE(j.dump());
        CHECK(problem(j) == message);
    }
    CHECK(problem({{"limits", {{"nofiles", 1}}}}).starts_with("\"limits\" must be keyed by as, core, cpu"));
    CHECK(process_spec_from(json::array()).error().message() == "a process must be a JSON object");
    CHECK(process_spec_from(json{{"command", {"x"}}, {"newer", 1}}, UnknownKeys::allowed));
}

TEST_CASE("limits are known by their RLIMIT_ names", "[model][process]")
{
    CHECK(rlimit_number("nofile") == RLIMIT_NOFILE);
    CHECK(rlimit_number("rttime") == RLIMIT_RTTIME);
    CHECK_FALSE(rlimit_number("NOFILE"));
    CHECK(limit_names().size() == 16);
    for (const auto name : limit_names()) CHECK(rlimit_number(name));
}
