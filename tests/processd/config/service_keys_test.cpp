// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/service_keys.h"

#include "tests/processd/config/texts.h"

#include <catch2/catch.hpp>

using namespace processd;
using namespace std::chrono_literals;
using texts::problems;
using texts::service;

namespace {

// Line 3 and on of a service that is otherwise right.
std::string with(const std::string& lines) { return "[service]\ncommand = [\"/bin/true\"]\n" + lines; }

} // namespace

TEST_CASE("a command alone makes a service with the documented defaults", "[config][service]")
{
    const auto loaded = service("[service]\ncommand = [\"/bin/sleep\", \"5\"]\n");
    REQUIRE(problems(loaded).empty());
    model::ServiceSpec expected;
    expected.name = "a";
    expected.process.command = {"/bin/sleep", "5"};
    CHECK(loaded->services.at("a") == expected);
    CHECK(loaded->daemon == model::DaemonSpec{});
}

TEST_CASE("every key of a service reaches its value", "[config][service]")
{
    const auto loaded = service(R"([service]
command = ["ctdbd", "-i"]
start = "manual"
user = "nobody"
group = "daemon"
groups = ["adm", "100"]
cwd = "/var"
umask = "0077"
environment = { LANG = "C", "EMPTY" = "" }
environment_file = "/etc/default/ctdb"
nice = -10
io_class = "best-effort"
io_level = 2
scheduler = "rr"
priority = 7
cpus = [3, 1, 1]
oom_score_adj = -900
capabilities = ["CAP_KILL", "CAP_CHOWN"]
capability_bounds = ["CAP_CHOWN", "CAP_SETUID", "CAP_KILL"]
no_new_privs = true
bind = [{ source = "/srv/eventd", target = "/usr/libexec/eventd", read_only = true }, { target = "/b", source = "/a" }]
redact = ["--password=*", "-p"]
ring = "512KiB"
spawn_timeout = "3s"
runtime_directory = "/run/ctdb/"
pre_start = [["/bin/a"], ["b", ""]]
post_stop = [["/bin/c"]]
hook_timeout = "5s"
[service.limits]
nofile = 1048576
core = "unlimited"
memlock = { soft = 0, hard = "unlimited" }
[service.cgroup]
memory_max = "1GiB"
memory_high = "900MiB"
memory_low = "64MiB"
memory_swap_max = "0B"
pids_max = 500
cpu_weight = 200
cpu_max = "150%"
io_weight = 50
other = { "io.max" = "8:0 wbps=1048576", "memory.oom.group" = "1" }
[service.ready]
command = ["ctdb", "runstate", "RUNNING"]
every = "200ms"
reply_timeout = "3s"
timeout = "2m"
[service.restart]
policy = "always"
delay = "5s"
max_delay = "10s"
jitter_percent = 0
reset_after = "90s"
burst = 4
burst_window = "1h"
success_codes = [0, 75]
[service.stop]
command = ["ctdb", "shutdown"]
signal = "SIGQUIT"
timeout = "60s"
)");
    REQUIRE(problems(loaded).empty());
    model::ServiceSpec expected;
    expected.name = "a";
    auto& process = expected.process;
    process.command = {"ctdbd", "-i"};
    process.user = "nobody";
    process.group = "daemon";
    process.groups = {"adm", "100"};
    process.cwd = "/var";
    process.umask = 077;
    process.environment = {{"LANG", "C"}, {"EMPTY", ""}};
    process.environment_file = "/etc/default/ctdb";
    process.nice = -10;
    process.io_class = "best-effort";
    process.io_level = 2;
    process.scheduler = "rr";
    process.priority = 7;
    process.cpus = {1, 3};
    process.oom_score_adj = -900;
    process.limits = {{"nofile", {1048576, 1048576}},
                      {"core", {model::unlimited, model::unlimited}},
                      {"memlock", {0, model::unlimited}}};
    process.capabilities = {"CAP_CHOWN", "CAP_KILL"};
    process.capability_bounds = {"CAP_CHOWN", "CAP_KILL", "CAP_SETUID"};
    process.no_new_privs = true;
    process.bind = {{"/srv/eventd", "/usr/libexec/eventd", true}, {"/a", "/b", false}};
    process.cgroup = {1ULL << 30U, 900ULL << 20U, 64ULL << 20U,
                      0,           500,           200,
                      50,          150,           {{"io.max", "8:0 wbps=1048576"}, {"memory.oom.group", "1"}}};
    process.redact = {"--password=*", "-p"};
    process.ring_bytes = 512 * 1024;
    process.spawn_timeout = 3s;
    expected.auto_start = false;
    expected.runtime_directory = "/run/ctdb";
    expected.pre_start = {{"/bin/a"}, {"b", ""}};
    expected.post_stop = {{"/bin/c"}};
    expected.hook_timeout = 5s;
    expected.ready = {model::ReadyKind::probe, {}, 200ms, 3s, 3, "", 2min};
    expected.ready.probe.command = {"ctdb", "runstate", "RUNNING"};
    expected.restart = {model::RestartPolicy::always, 5s, 10s, 0, 90s, 4, 1h, {0, 75}};
    expected.stop = {{"ctdb", "shutdown"}, "QUIT", 60s};
    CHECK(loaded->services.at("a") == expected);
}

TEST_CASE("a service tells, or is asked, in one way whether it is ready", "[config][service]")
{
    const auto ready = [](const std::string& lines) {
        const auto loaded = service(with("[service.ready]\n" + lines));
        CHECK(problems(loaded) == "");
        return loaded ? loaded->services.at("a").ready : model::ReadySpec{};
    };
    CHECK(ready("notify = true").kind == model::ReadyKind::notify);
    CHECK(ready("notify = false").kind == model::ReadyKind::none);
    CHECK(ready("fd = 7").fd == 7);
    CHECK(ready("fd = 7").kind == model::ReadyKind::fd);
    CHECK(ready("output = \"started\"").pattern == "started");
    CHECK(ready("output = \"started\"").kind == model::ReadyKind::output);
    CHECK(ready("command = [\"x\"]\ntimeout = \"0s\"").timeout == 0s);
    const auto target = [&](const std::string& lines) { return model::target_of(ready(lines).probe); };
    CHECK(target("tcp = \"127.0.0.1:2049\"\nevery = \"1s\"") == "tcp 127.0.0.1:2049");
    CHECK(target("unix = \"/run/x\"") == "unix /run/x");
    CHECK(target("http = \"http://[::1]:80/x\"") == "http://[::1]:80/x");
    CHECK(target("rpc = { program = \"status\", version = 1 }") == "rpc status v1 tcp 127.0.0.1");
    CHECK(target("[service.ready.rpc]\nprogram = 100003\nversion = 3\nprotocol = \"udp\"\naddress = \"[::1]:2049\"") ==
          "rpc nfs v3 udp [::1]:2049");
}

TEST_CASE("a delay beyond the default cap raises the cap", "[config][service]")
{
    const auto loaded = service(with("[service.restart]\ndelay = \"5m\""));
    REQUIRE(loaded);
    CHECK(loaded->services.at("a").restart.max_delay == 5min);
}

TEST_CASE("each mistake in a service is told with its place and what would be right", "[config][service]")
{
    struct Row {
        std::string text, message;
    };
    const std::vector<Row> rows{
        // The file as a whole.
        {"", "a.toml:1:1: the file is empty: it must declare a [service], [job] or [hook] with a command"},
        {"\n[lock]\n", "a.toml:2:2: [lock] comes in a later version; this one knows [service], [job] and [hook]"},
        {with("[job]"), "a.toml:3:2: the file declares [service] already, and a file declares exactly one thing; put "
                        "[job] into one of its own"},
        {"[servce]\n", "a.toml:1:2: [servce] is not known here; the file declares [service], [job] or [hook]; did you "
                       "mean \"service\"?"},
        {"command = [\"x\"]\n",
         "a.toml:1:1: \"command\" stands outside of [service]: put the line [service] before it"},
        {"service = 1", "a.toml:1:11: \"service\" must be a table, like [service] with command = [\"/usr/sbin/ctdbd\", "
                        "\"-i\"], not a whole number"},
        // Commands.
        {"[service]\n", "a.toml:1:2: [service] needs a command, like command = [\"/usr/sbin/ctdbd\", \"-i\"]"},
        {"[service]\ncommand = []", "a.toml:2:11: \"command\" is empty; it must name a program, like [\"/bin/sleep\", "
                                    "\"5\"]"},
        {"[service]\ncommand = [\"\"]", "a.toml:2:12: \"command\" names no program: its first string is empty"},
        {"[service]\ncommand = \"/usr/sbin/ctdbd  -i\"", "a.toml:2:11: \"command\" is an array, not a string for a "
                                                         "shell: write command = [\"/usr/sbin/ctdbd\", \"-i\"]"},
        {"[service]\ncommand = \"\"",
         "a.toml:2:11: \"command\" is an array, not a string for a shell: write command = [\"/bin/sleep\", \"5\"]"},
        {"[service]\ncommand = 5",
         "a.toml:2:11: \"command\" must be an array of strings, like [\"/bin/sleep\", \"5\"], "
         "not a whole number"},
        {"[service]\ncommand = [\"sleep\", 5]", "a.toml:2:21: \"command\" must hold strings only, not a whole number: "
                                                "write \"5\""},
        {"[service]\ncommand = [\"sleep\", \"a\\u0000b\"]",
         "a.toml:2:21: \"command\" must not contain a NUL character"},
        {"[service]\ncommand = [\"./run\"]", "a.toml:2:12: \"command\" starts \"./run\", a relative path: write an "
                                             "absolute path, or a name without \"/\" to look it up in PATH"},
        {with("pre_start = [\"/bin/a\", \"b\"]"),
         "a.toml:3:13: \"pre_start\" is an array of commands, each an array of "
         "strings: write pre_start = [[\"/bin/a\", \"b\"]]"},
        {with("post_stop = \"/bin/a b\""), "a.toml:3:13: \"post_stop\" is an array of commands, each an array of "
                                           "strings: write post_stop = [[\"/bin/a\", \"b\"]]"},
        {with("pre_start = [[\"a/b\"]]"),
         "a.toml:3:15: \"pre_start\" starts \"a/b\", a relative path: write an absolute "
         "path, or a name without \"/\" to look it up in PATH"},
        {with("pre_start = [[]]"), "a.toml:3:14: \"pre_start\" is empty; it must name a program, like [\"/bin/sleep\", "
                                   "\"5\"]"},
        // Keys.
        {with("usr = \"x\""), "a.toml:3:1: [service] has no key \"usr\"; did you mean \"user\"?"},
        {with("ExecStart = \"x\""), "a.toml:3:1: [service] has no key \"ExecStart\"; did you mean \"command\"?"},
        {with("cmd = [\"x\"]"), "a.toml:3:1: [service] has no key \"cmd\"; did you mean \"command\"?"},
        {with("auto-start = true"), "a.toml:3:1: [service] has no key \"auto-start\"; did you mean \"start\"?"},
        {with("frobnicate = 1"), "a.toml:3:1: [service] has no key \"frobnicate\""},
        {with("[service.restart]\npolcy = \"always\""),
         "a.toml:4:1: [service.restart] has no key \"polcy\"; did you mean \"policy\"?"},
        {with("[service.limits]\nnofiles = 1"),
         "a.toml:4:1: [service.limits] has no key \"nofiles\"; did you mean \"nofile\"?"},
        {with("[service.redy]\nnotify = true"), "a.toml:3:10: [service] has no key \"redy\"; did you mean \"ready\"?"},
        // Types.
        {with("user = 0"), "a.toml:3:8: \"user\" must be a string: write \"0\", not a whole number"},
        {with("user = \"\""), "a.toml:3:8: \"user\" must not be empty; leave the key out to get its default"},
        {with("group = [\"adm\"]"), "a.toml:3:9: \"group\" must be a string, not an array"},
        {with("groups = \"adm\""), "a.toml:3:10: \"groups\" must be an array of strings: write [\"adm\"]"},
        {with("groups = [1]"),
         "a.toml:3:11: \"groups\" must be an array of strings, like [\"adm\"]; one of them is a whole number"},
        {with("groups = [\"a\", \"a\"]"), "a.toml:3:16: \"groups\" names \"a\" twice"},
        {with("start = true"), "a.toml:3:9: \"start\" must be one of \"auto\", \"manual\", not true"},
        {with("start = \"atuo\""),
         "a.toml:3:9: \"start\" must be one of \"auto\", \"manual\", not \"atuo\"; did you mean \"auto\"?"},
        {with("nice = \"5\""), "a.toml:3:8: \"nice\" must be a whole number from -20 to 19, not a string"},
        {with("nice = 20"), "a.toml:3:8: \"nice\" must be a whole number from -20 to 19, not 20"},
        {with("nice = 1.5"),
         "a.toml:3:8: \"nice\" must be a whole number from -20 to 19, not a number with a fraction"},
        {with("nice = 1979-05-27"), "a.toml:3:8: \"nice\" must be a whole number from -20 to 19, not a date or time"},
        {with("[service.ready]\nnotify = \"yes\""), "a.toml:4:10: \"notify\" must be true or false, not a string"},
        {with("limits = 5"), "a.toml:3:10: \"limits\" must be a table, like limits = { nofile = 1048576 }, not a whole "
                             "number"},
        // Paths.
        {with("cwd = \"var\""), "a.toml:3:7: \"cwd\" must be an absolute path, not \"var\""},
        {with("environment_file = \"env\""), "a.toml:3:20: \"environment_file\" must be an absolute path, not \"env\""},
        {with("runtime_directory = \"/run\""),
         "a.toml:3:21: \"runtime_directory\" is removed after each stop, so it must be a plain path below another "
         "directory, like \"/run/ctdb\", not \"/run\""},
        {with("runtime_directory = \"/run/x/../..\""),
         "a.toml:3:21: \"runtime_directory\" is removed after each stop, so it must be a plain path below another "
         "directory, like \"/run/ctdb\", not \"/run/x/../..\""},
        // Durations.
        {with("hook_timeout = 30"), "a.toml:3:16: \"hook_timeout\" is a duration and needs its unit: write \"30s\""},
        {with("hook_timeout = 1.5"),
         "a.toml:3:16: \"hook_timeout\" is a duration and needs its unit: write \"1500ms\""},
        {with("hook_timeout = -1"),
         "a.toml:3:16: \"hook_timeout\" must be a duration like \"1500ms\", \"30s\" or \"5m\", not a whole number"},
        {with("hook_timeout = \"5 sec\""), "a.toml:3:16: \"hook_timeout\" must be a duration like \"1500ms\", \"30s\", "
                                           "\"5m\", \"2h\" or \"7d\", not \"5 sec\""},
        {with("hook_timeout = \"2d\""), "a.toml:3:16: \"hook_timeout\" must be from 10ms to 1d, not 2d"},
        // Process attributes.
        {with("umask = 22"),
         "a.toml:3:9: \"umask\" must be octal digits in a string, like \"022\", not a whole number"},
        {with("umask = \"1777\""),
         "a.toml:3:9: \"umask\" must be octal digits up to \"0777\", like \"022\", not \"1777\""},
        {with("umask = \"u=rwx\""),
         "a.toml:3:9: \"umask\" must be octal digits up to \"0777\", like \"022\", not \"u=rwx\""},
        {with("environment = [\"A=1\"]"),
         "a.toml:3:15: \"environment\" must be a table, like environment = { LANG = \"C\" }, not an array"},
        {with("environment = { N = 1 }"), "a.toml:3:21: \"N\" must be a string: write \"1\", not a whole number"},
        {with("environment = { \"A=B\" = \"1\" }"),
         "a.toml:3:17: \"A=B\" is no name of a variable: letters, digits and _, no digit first"},
        {with("environment = { NOTIFY_SOCKET = \"1\" }"), "a.toml:3:17: \"NOTIFY_SOCKET\" is set by ctdb-processd "
                                                          "itself; leave it out and use [service.ready] notify = true"},
        {with("environment = { A = \"a\\u0000b\" }"), "a.toml:3:21: \"A\" must not contain a NUL character"},
        {with("io_class = \"besteffort\""),
         "a.toml:3:12: \"io_class\" must be one of \"none\", \"realtime\", \"best-effort\", \"idle\", not "
         "\"besteffort\"; did you mean \"best-effort\"?"},
        {with("io_level = 8"), "a.toml:3:12: \"io_level\" must be a whole number from 0 to 7, not 8"},
        {with("scheduler = \"fifo\""), "a.toml:3:13: scheduler \"fifo\" needs a priority from 1 to 99"},
        {with("priority = 5"), "a.toml:3:1: \"priority\" goes with scheduler = \"fifo\" or \"rr\" only"},
        {with("scheduler = \"rr\"\npriority = 100"),
         "a.toml:4:12: \"priority\" must be a whole number from 1 to 99, not 100"},
        {with("cpus = []"), "a.toml:3:8: \"cpus\" must be an array of CPU numbers, like [0, 1]; leave it out for all"},
        {with("cpus = [0, 4096]"), "a.toml:3:12: \"cpus\" must hold CPU numbers from 0 to 4095, like [0, 1]"},
        {with("oom_score_adj = -1001"),
         "a.toml:3:17: \"oom_score_adj\" must be a whole number from -1000 to 1000, not -1001"},
        {with("limits = { nofile = \"all\" }"),
         "a.toml:3:21: \"nofile\" must be a number, \"unlimited\" or { soft = N, hard = M }"},
        {with("limits = { nofile = { soft = 1 } }"),
         "a.toml:3:21: \"nofile\" must be a number, \"unlimited\" or { soft "
         "= N, hard = M } with just these two, not a table"},
        {with("limits = { nofile = { soft = 2, hard = 1 } }"),
         "a.toml:3:21: \"nofile\" has a soft limit above its hard limit"},
        {with("ring = \"1KB\""),
         "a.toml:3:8: \"ring\" must be a size like \"256KiB\", \"10MiB\" or a number of bytes, not \"1KB\""},
        {with("ring = \"1KiB\""), "a.toml:3:8: \"ring\" must be from 128KiB to 64MiB"},
        // What it may do and what it sees.
        {with("capabilities = \"CAP_KILL\""),
         "a.toml:3:16: \"capabilities\" must be an array of strings: write [\"CAP_KILL\"]"},
        {with("capabilities = [\"CAP_CHOWN\", \"CAP_NET_BINDSERVICE\"]"),
         "a.toml:3:30: \"CAP_NET_BINDSERVICE\" is no capability; did you mean \"CAP_NET_BIND_SERVICE\"?"},
        {with("capabilities = [\"sys-nice\"]"),
         "a.toml:3:17: \"sys-nice\" is no capability; did you mean \"CAP_SYS_NICE\"?"},
        {with("capabilities = [\"everything\"]"), "a.toml:3:17: \"everything\" is no capability, see capabilities(7)"},
        {with("capabilities = [\"CAP_KILL\"]\ncapability_bounds = [\"CAP_CHOWN\"]"),
         "a.toml:4:21: \"capability_bounds\" must have all of \"capabilities\"; it lacks \"CAP_KILL\""},
        {with("no_new_privs = \"yes\""), "a.toml:3:16: \"no_new_privs\" must be true or false, not a string"},
        {with("bind = \"/a:/b\""), "a.toml:3:8: \"bind\" must be an array of tables, like [{ source = "
                                   "\"/srv/eventd\", target = \"/usr/libexec/eventd\" }], not a string"},
        {with("bind = [\"/a\"]"), "a.toml:3:9: \"bind\" must be an array of tables, like [{ source = "
                                  "\"/srv/eventd\", target = \"/usr/libexec/eventd\" }]"},
        {with("bind = [{ source = \"/a\" }]"), "a.toml:3:9: a bind mount needs a source and a target"},
        {with("bind = [{ source = \"/a\", target = \"b\" }]"),
         "a.toml:3:35: \"target\" must be an absolute path, not \"b\""},
        {with("[[service.bind]]\nsource = \"/a\"\ntarget = \"/b\"\nreadonly = true"),
         "a.toml:6:1: [service.bind] has no key \"readonly\"; did you mean \"read_only\"?"},
        {with("bind = [{ source = \"/a\", target = \"/\" }]"),
         "a.toml:3:8: \"bind\" must be mounts below \"/\", not over it"},
        {with("cgroup = \"memory.max=1\""),
         "a.toml:3:10: \"cgroup\" must be a table, like [service.cgroup] with memory_max = \"1GiB\", not a string"},
        {with("[service.cgroup]\nmemory_maximum = \"1GiB\""),
         "a.toml:4:1: [service.cgroup] has no key \"memory_maximum\"; did you mean \"memory_max\"?"},
        {with("[service.cgroup]\nmemory_max = \"1GB\""), "a.toml:4:14: \"memory_max\" must be a size like \"256KiB\", "
                                                         "\"10MiB\" or a number of bytes, not \"1GB\""},
        {with("[service.cgroup]\nmemory_max = \"1B\""), "a.toml:4:14: \"memory_max\" must be from 4KiB to 1048576TiB"},
        {with("[service.cgroup]\npids_max = 0"),
         "a.toml:4:12: \"pids_max\" must be a whole number from 1 to 4194304, not 0"},
        {with("[service.cgroup]\ncpu_max = 50"),
         "a.toml:4:11: \"cpu_max\" must be percents of one processor in a string, "
         "like \"50%\" or \"200%\", not a whole number"},
        {with("[service.cgroup]\ncpu_max = \"0.5\""), "a.toml:4:11: \"cpu_max\" must be percents of one processor in a "
                                                      "string, like \"50%\" or \"200%\", not \"0.5\""},
        {with("[service.cgroup.other]\n\"cgroup.kill\" = \"1\""),
         "a.toml:4:1: \"cgroup.kill\" must be named like a file of a controller, as in \"io.max\""},
        {with("[service.cgroup.other]\n\"pids.max\" = \"1\""),
         "a.toml:4:1: \"pids.max\" must be without \"pids.max\", which is a key of its own"},
        {with("[service.cgroup.other]\n\"cpu.max\" = \"1\""),
         "a.toml:4:1: \"cpu.max\" must be without \"cpu.max\", which is a key of its own"},
        {with("[service.cgroup.other]\n\"io.max\" = 1"),
         "a.toml:4:12: \"io.max\" must be a string, not a whole number"},
        {with("as_permitted = [\"bind\"]"),
         "a.toml:3:17: \"as_permitted\" holds names of capabilities, cgroup, io_class, "
         "limits, nice, oom_score_adj, scheduler, not \"bind\""},
        {with("as_permitted = [\"capabilities\"]"),
         "a.toml:3:17: \"as_permitted\" names \"capabilities\", which is not set here"},
        // Readiness.
        {with("[service.ready]\ntimeout = \"5s\""), "a.toml:3:10: [service.ready] needs one of command = [...], tcp = "
                                                    "\"ADDRESS:PORT\", unix = \"/PATH\", http = \"URL\", "
                                                    "rpc = { ... }, notify = true, fd = 3, output = \"text\""},
        {with("[service.ready]\nfd = 3\nnotify = true"),
         "a.toml:4:1: [service.ready] has both \"notify\" and \"fd\"; a service is ready in one way"},
        {with("[service.ready]\nfd = 2"), "a.toml:4:6: \"fd\" must be a whole number from 3 to 255, not 2"},
        {with("[service.ready]\nfd = 3\nevery = \"1s\""),
         "a.toml:5:1: \"every\" goes with command, tcp, unix, http and rpc only"},
        {with("[service.ready]\ncommand = \"ctdb ping\""),
         "a.toml:4:11: \"command\" is an array, not a string for a shell: write command = [\"ctdb\", \"ping\"]"},
        {with("[service.ready]\ntcp = \"localhost:2049\""),
         "a.toml:4:7: \"tcp\" must be an address and a port, like \"127.0.0.1:2049\" or \"[::1]:2049\"; names are not "
         "looked up. It is \"localhost:2049\""},
        {with("[service.ready]\nunix = \"x\""), "a.toml:4:8: \"unix\" must be an absolute path, not \"x\""},
        {with("[service.ready]\nhttp = \"https://127.0.0.1/\""),
         "a.toml:4:8: \"http\" must be like \"http://127.0.0.1:8080/health\" or "
         "\"http://unix:/run/web.socket:/health\"; names are not looked up, and TLS (https) is not spoken. It is "
         "\"https://127.0.0.1/\""},
        {with("[service.ready]\nrpc = \"nfs\""),
         "a.toml:4:7: \"rpc\" must be a table, like rpc = { program = \"status\", version = 1 }, not a string"},
        {with("[service.ready]\nrpc = { version = 3 }"),
         "a.toml:4:1: \"rpc\" needs a program, like \"nfs\", \"status\" or 100003"},
        {with("[service.ready]\nrpc = { program = \"nfs\" }"),
         "a.toml:4:1: \"rpc\" needs the version of the program, like version = 3"},
        {with("[service.ready]\nrpc = { program = \"statd\", version = 1 }"),
         "a.toml:4:19: \"program\" must be a number, or a name of the table in ctdb-processd.toml(5), not \"statd\"; "
         "did "
         "you mean \"status\"?"},
        {with("[service.ready]\nrpc = { program = 0, version = 1 }"),
         "a.toml:4:19: \"program\" must be from 1 to 4294967295, not 0"},
        {with("[service.ready]\nrpc = { program = 1, version = 1, address = \"[::1\" }"),
         "a.toml:4:45: \"address\" must be an address with or without a port, like \"127.0.0.1\", "
         "\"127.0.0.1:2049\" or \"[::1]\", not \"[::1\""},
        {with("[service.ready]\nrpc = { program = 1, version = 1, proto = \"udp\" }"),
         "a.toml:4:35: [service.ready.rpc] has no key \"proto\"; did you mean \"protocol\"?"},
        // Checks.
        {with("[service.check.x]\nevery = \"1s\""),
         "a.toml:3:16: [service.check.x] needs one of command = [...], tcp = \"ADDRESS:PORT\", unix = \"/PATH\", "
         "http = \"URL\", rpc = { ... }"},
        {with("[service.check.x]\nunix = \"/x\"\ncommand = [\"x\"]"),
         "a.toml:4:1: [service.check.x] has both \"command\" and \"unix\"; a check asks in one way"},
        {with("[service.check.X]\nunix = \"/x\""),
         "a.toml:3:1: the name of a check has at most 64 of a to z, 0 to 9, _ . @ -, and begins with a letter or a "
         "digit; \"X\" does not fit"},
        {with("[service.check]\nunix = \"/x\""), "a.toml:4:8: \"unix\" must be a table, like [service.check.answers] "
                                                 "with tcp = \"127.0.0.1:2049\", not a string"},
        {with("[service.check.x]\nunix = \"/x\"\naction = \"signal\""),
         "a.toml:5:10: action = \"signal\" needs the signal, like signal = \"USR1\""},
        {with("[service.check.x]\nunix = \"/x\"\nsignal = \"HUP\""),
         "a.toml:5:10: \"signal\" goes with action = \"signal\" only"},
        {with("[service.check.x]\nunix = \"/x\"\nthreshold = 0"),
         "a.toml:5:13: \"threshold\" must be a whole number from 1 to 1000, not 0"},
        // Restart and stop.
        {with("[service.restart]\npolicy = \"on_failure\""),
         "a.toml:4:10: \"policy\" must be one of \"always\", \"on-failure\", \"never\", not \"on_failure\"; did you "
         "mean "
         "\"on-failure\"?"},
        {with("[service.restart]\ndelay = \"5s\"\nmax_delay = \"1s\""),
         "a.toml:5:13: \"max_delay\" must not be shorter than \"delay\""},
        {with("[service.restart]\nsuccess_codes = [0, 256]"),
         "a.toml:4:21: \"success_codes\" must hold exit codes from 0 to 255, like [0, 75]"},
        {with("[service.restart]\nsuccess_codes = 0"),
         "a.toml:4:17: \"success_codes\" must be an array of exit codes, like [0, 75], not a whole number"},
        {with("[service.stop]\nsignal = \"TREM\""), "a.toml:4:10: \"signal\" must be a signal's name, like \"TERM\" or "
                                                    "\"SIGUSR1\", not \"TREM\"; did you mean \"TERM\"?"},
        {with("[service.stop]\nsignal = \"SIGUSR\""),
         "a.toml:4:10: \"signal\" must be a signal's name, like \"TERM\" or \"SIGUSR1\", not \"SIGUSR\"; did you mean "
         "\"SIGUSR1\"?"},
        {with("[service.stop]\nsignal = 9"),
         "a.toml:4:10: \"signal\" must be a signal's name in a string, like \"SIGKILL\", not a whole number"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        CHECK(problems(service(row.text)) == row.message);
    }
}

TEST_CASE("all mistakes of a file are told at once, in the order of its lines", "[config][service]")
{
    const auto loaded = service("[service]\nnice = 99\ncommand = \"x\"\n[service.stop]\ntimeout = 5\nsig = 1\n");
    CHECK(problems(loaded) ==
          "a.toml:2:8: \"nice\" must be a whole number from -20 to 19, not 99\n"
          "a.toml:3:11: \"command\" is an array, not a string for a shell: write command = [\"x\"]\n"
          "a.toml:5:11: \"timeout\" is a duration and needs its unit: write \"5s\"\n"
          "a.toml:6:1: [service.stop] has no key \"sig\"; did you mean \"signal\"?");
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error()[2].key == "service.stop.timeout");
}

TEST_CASE("a service is named after its file", "[config][service]")
{
    for (const char* good :
         {"a", "0", "rpc.statd", "smbd@1", "a-b_c", "0123456789012345678901234567890123456789012345678901234567890123"})
        CHECK(config::is_service_name(good));
    for (const char* bad : {"", "A", "-a", ".a", "a b", "a/b", "processd", "ä",
                            "01234567890123456789012345678901234567890123456789012345678901234"})
        CHECK_FALSE(config::is_service_name(bad));
    CHECK(problems(config::interpret({texts::set("My Service", {{"My Service.toml", "[service]"}})})) ==
          "My Service.toml: a service's name is the file's: 1 to 64 of a-z 0-9 _ . @ - and a letter or digit first, so "
          "\"My Service\" cannot be one");
}

TEST_CASE("a file that is wrong throughout is told about up to a bound", "[config][service]")
{
    std::string text = with("");
    for (int i = 0; i < 500; ++i) text += "key" + std::to_string(i) + " = 1\n";
    const auto loaded = service(text);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().size() == 100);
}
