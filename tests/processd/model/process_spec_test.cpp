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
    spec.capabilities = {"CAP_KILL"};
    spec.capability_bounds = {"CAP_KILL", "CAP_CHECKPOINT_RESTORE"};
    spec.no_new_privs = true;
    spec.bind = {{"/a", "/b", true}, {"/c", "/d", false}};
    spec.cgroup = {1 << 30, 1 << 29, 0, 0, 100, 200, 300, 150, {{"io.max", "8:0 wbps=1"}}};
    spec.as_permitted = {"capabilities", "cgroup"};
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
        {{{"capabilities", "CAP_KILL"}}, R"("capabilities" must be an array of strings, like ["/bin/sleep", "5"])"},
        {{{"capabilities", {"CAP_KILLS"}}},
         R"("capabilities" holds names of capabilities, not "CAP_KILLS"; did you mean "CAP_KILL"?)"},
        {{{"capabilities", {"net_admin"}}},
         R"("capabilities" holds names of capabilities, not "net_admin"; did you mean "CAP_NET_ADMIN"?)"},
        {{{"capabilities", {"CAP_KILL"}}, {"capability_bounds", json::array()}},
         R"("capability_bounds" must be a list with all of "capabilities"; it lacks "CAP_KILL")"},
        {{{"no_new_privs", 1}}, R"("no_new_privs" must be true or false)"},
        {{{"bind", {{{"source", "a"}, {"target", "/b"}}}}}, R"("bind" must be mounts with absolute paths, not "a")"},
        {{{"bind", {{{"source", "/a"}}}}}, R"("bind" must be mounts with absolute paths, not "")"},
        {{{"bind", {{{"source", "/a"}, {"target", "//"}}}}}, R"("bind" must be mounts below "/", not over it)"},
        {{{"bind", {{{"source", "/a"}, {"target", "/b"}}, {{"source", "/c"}, {"target", "/b"}}}}},
         R"("bind" must be one mount for each target, not two for "/b")"},
        {{{"bind", {{{"source", "/a"}, {"target", "/b"}, {"ro", true}}}}},
         R"("bind" must be an array of objects like {"source": "/srv/a", "target": "/etc/a", "read_only": true})"},
        {{{"cgroup", "memory.max"}}, R"("cgroup" must be an object like {"memory_max_bytes": 67108864})"},
        {{{"cgroup", {{"memory_max", 1}}}}, R"("cgroup" has no key "memory_max"; did you mean "memory_max_bytes"?)"},
        {{{"cgroup", {{"memory_max_bytes", 1}}}},
         R"("cgroup.memory_max_bytes" must be a whole number from 4096 to 1152921504606846976)"},
        {{{"cgroup", {{"cpu_weight", 0}}}}, R"("cgroup.cpu_weight" must be a whole number from 1 to 10000)"},
        {{{"cgroup", {{"other", {{"cgroup.kill", "1"}}}}}},
         R"("cgroup.other.cgroup.kill" must be named like a file of a controller, as in "io.max")"},
        {{{"cgroup", {{"other", {{"io/max", "1"}}}}}},
         R"("cgroup.other.io/max" must be named like a file of a controller, as in "io.max")"},
        {{{"cgroup", {{"other", {{"memory.max", "1"}}}}}},
         R"("cgroup.other.memory.max" must be without "memory.max", which is a key of its own)"},
        {{{"cgroup", {{"other", {{"io.max", "1\n2"}}}}}}, R"("cgroup.other.io.max" must be one line of text)"},
        {{{"cgroup", {{"other", {{"io.max", 1}}}}}}, R"("cgroup.other.io.max" must be a string)"},
        {{{"as_permitted", {"bind"}}},
         R"("as_permitted" must be an array of capabilities, cgroup, io_class, limits, nice, oom_score_adj, scheduler)"},
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

TEST_CASE("limits of a cgroup are its files", "[model][process]")
{
    using Files = std::vector<std::pair<std::string, std::string>>;
    CgroupSpec spec;
    CHECK(cgroup_files(spec).empty());
    spec.memory_max = 64 << 20;
    spec.memory_swap_max = 0;
    spec.cpu_max_percent = 150;
    spec.other = {{"hugetlb.2MB.max", "0"}};
    CHECK(cgroup_files(spec) == Files{{"memory.max", "67108864"},
                                      {"memory.swap.max", "0"},
                                      {"cpu.max", "150000 100000"},
                                      {"hugetlb.2MB.max", "0"}});
    spec.cpu_max_percent = max_cpu_percent;
    CHECK(cgroup_files(spec)[2].second == "1000000000 100000");
}

TEST_CASE("limits are known by their RLIMIT_ names", "[model][process]")
{
    CHECK(rlimit_number("nofile") == RLIMIT_NOFILE);
    CHECK(rlimit_number("rttime") == RLIMIT_RTTIME);
    CHECK_FALSE(rlimit_number("NOFILE"));
    CHECK(limit_names().size() == 16);
    for (const auto name : limit_names()) CHECK(rlimit_number(name));
}
