// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/processd/config/texts.h"

#include <catch2/catch.hpp>

using namespace processd;
using namespace std::chrono_literals;
using texts::daemon;
using texts::problems;

TEST_CASE("an absent or empty processd.toml means the defaults", "[config][daemon]")
{
    CHECK(config::interpret({})->daemon == model::DaemonSpec{});
    CHECK(daemon("# nothing\n")->daemon == model::DaemonSpec{});
}

TEST_CASE("every key of processd.toml reaches its value", "[config][daemon]")
{
    const auto loaded = daemon(R"(
stop_budget = "2m"
log_level = "debug"
[access]
read = { users = ["nagios"], groups = ["adm"] }
operate = { groups = ["operators"] }
admin = { users = ["0"] }
unmapped = "read"
[api]
socket_mode = "0660"
socket_owner = "storage"
socket_group = "adm"
[limits]
body = "1MiB"
connections = 10
connections_per_uid = 5
idle_timeout = "2m"
request_timeout = "3s"
stream_backlog = "2MiB"
runs = 8
[records]
max_count = 100
max_age = "30d"
tail = "1KiB"
sync = "always"
sync_interval = "1s"
[logs]
memory = "1MiB"
stdout = ["services"]
stderr = ["services", "terminal"]
rate_lines = 1000
rate_period = "10s"
[[logs.sink]]
kind = "stderr"
name = "terminal"
format = "json"
[[logs.sink]]
kind = "file"
name = "services"
path = "/var/log/services.log"
format = "ctdb"
max_size = "1MiB"
max_age = "1d"
keep = 2
[[logs.sink]]
kind = "syslog"
path = "/run/syslog"
facility = "local3"
[[logs.sink]]
kind = "journald"
)");
    REQUIRE(problems(loaded).empty());
    model::DaemonSpec expected;
    expected.stop_budget = 2min;
    expected.log_level = "debug";
    expected.access.rules = {{model::Access::read, {"nagios"}, {"adm"}},
                             {model::Access::operate, {}, {"operators"}},
                             {model::Access::admin, {"0"}, {}}};
    expected.access.unmapped = model::Access::read;
    expected.api = {0660, "storage", "adm"};
    expected.max_body_bytes = 1 << 20;
    expected.max_connections = 10;
    expected.max_connections_per_uid = 5;
    expected.idle_timeout = 2min;
    expected.request_timeout = 3s;
    expected.stream_backlog_bytes = 2 << 20;
    expected.max_runs = 8;
    expected.max_records = 100;
    expected.max_record_age = 24h * 30;
    expected.tail_bytes = 1024;
    expected.sync = model::Sync::always;
    expected.sync_interval = 1s;
    expected.log_memory_bytes = 1 << 20;
    auto& sinks = expected.logs.sinks;
    sinks.resize(4);
    sinks[0] = {"terminal", model::SinkKind::standard_error, model::LineFormat::json};
    sinks[1] = {"services", model::SinkKind::file, model::LineFormat::ctdb, "/var/log/services.log", 1 << 20, 24h, 2};
    sinks[2] = {"", model::SinkKind::syslog, model::LineFormat::local, "/run/syslog", 10 << 20, 0s, 5, "", 19};
    sinks[3] = {"", model::SinkKind::journald, model::LineFormat::journald, "/run/systemd/journal/socket"};
    expected.logs.out = {{"services"}};
    expected.logs.err = {{"services", "terminal"}};
    expected.logs.rate_lines = 1000;
    expected.logs.rate_period = 10s;
    CHECK(loaded->daemon == expected);
}

TEST_CASE("each mistake in processd.toml is told with its place and what would be right", "[config][daemon]")
{
    struct Row {
        std::string text, message;
    };
    const std::vector<Row> rows{
        {"stop_buget = \"1s\"", "processd.toml:1:1: the file has no key \"stop_buget\"; did you mean \"stop_budget\"?"},
        {"stop_budget = 90", "processd.toml:1:15: \"stop_budget\" is a duration and needs its unit: write \"90s\""},
        {"log_level = \"warn\"", "processd.toml:1:13: \"log_level\" must be one of \"error\", \"warning\", \"info\", "
                                 "\"debug\", not \"warn\"; did you mean \"warning\"?"},
        {"[service]\n", "processd.toml:1:2: processd.toml configures the daemon itself; a service needs a file of its "
                        "own, NAME.toml"},
        {"[access]\noperator = {}", "processd.toml:2:1: [access] has no key \"operator\"; did you mean \"operate\"?"},
        {"[access]\nunmapped = \"root\"",
         "processd.toml:2:12: \"unmapped\" must be one of \"none\", \"read\", \"operate\", "
         "\"admin\", not \"root\""},
        {"[api]\nsocket_mode = 660",
         "processd.toml:2:15: \"socket_mode\" must be octal digits in a string, like \"0660\", not a whole number"},
        {"[api]\nsocket_mode = \"1777\"",
         "processd.toml:2:15: \"socket_mode\" must be octal digits up to \"0777\", like \"0660\", not \"1777\""},
        {"[api]\nsocket_user = \"x\"",
         "processd.toml:2:1: [api] has no key \"socket_user\"; did you mean \"socket_owner\"?"},
        {"[access]\nread = [\"nagios\"]", "processd.toml:2:8: \"read\" must be a table, like { users = [\"monitor\"], "
                                          "groups = [\"adm\"] }, not an array"},
        {"[access]\nread = { user = [\"nagios\"] }",
         "processd.toml:2:10: [access.read] has no key \"user\"; did you mean \"users\"?"},
        {"[access.read]\nusers = \"nagios\"", "processd.toml:2:9: \"users\" must be an array of strings: write "
                                              "[\"nagios\"]"},
        {"[limits]\nruns = 0", "processd.toml:2:8: \"runs\" must be a whole number from 1 to 10000, not 0"},
        {"[limits]\nbody = 10", "processd.toml:2:8: \"body\" must be from 1KiB to 64MiB"},
        {"[limits]\nbody = true",
         "processd.toml:2:8: \"body\" must be a size like \"256KiB\", \"10MiB\" or a number of bytes, not true"},
        {"[records]\nsync = \"sometimes\"",
         "processd.toml:2:8: \"sync\" must be one of \"never\", \"interval\", \"always\", not \"sometimes\""},
        {"[logs.sink]\nkind = \"file\"", "processd.toml:1:1: \"sink\" must be an array of tables: write [[logs.sink]] "
                                         "with two brackets and kind = \"file\", not a table"},
        {"[[logs.sink]]\npath = \"/x\"", "processd.toml:1:1: [[logs.sink]] needs a kind: \"stderr\", \"file\", "
                                         "\"syslog\" or \"journald\""},
        {"[[logs.sink]]\nkind = \"file\"",
         "processd.toml:1:1: [[logs.sink]] of kind \"file\" needs a path, like \"/var/log/ctdb/services.log\""},
        {"[[logs.sink]]\nkind = \"jornald\"",
         "processd.toml:2:8: \"kind\" must be one of \"stderr\", \"file\", \"syslog\", \"journald\", not "
         "\"jornald\"; did you mean \"journald\"?"},
        {"[[logs.sink]]\nkind = \"stderr\"\nfacility = \"local3\"",
         "processd.toml:3:1: \"facility\" goes with kind = \"syslog\" or \"journald\" only"},
        {"[[logs.sink]]\nkind = \"journald\"\nformat = \"json\"",
         "processd.toml:3:1: \"format\" goes with kind = \"stderr\", \"file\" or \"syslog\" only"},
        {"[[logs.sink]]\nkind = \"syslog\"\nformat = \"ctdb\"",
         "processd.toml:3:10: \"format\" must be one of \"local\", \"rfc5424\", not \"ctdb\""},
        {"[[logs.sink]]\nkind = \"syslog\"\nfacility = \"locl3\"",
         "processd.toml:3:12: \"facility\" must be one of syslog's, like \"daemon\" or \"local3\", not \"locl3\"; "
         "did you mean \"local3\"?"},
        {"[[logs.sink]]\nkind = \"syslog\"\naddress = \"192.168.0.1:514\"",
         "processd.toml:3:11: \"address\" must be an address of this host's loopback and a port, like "
         "\"127.0.0.1:514\" or \"[::1]:514\", not \"192.168.0.1:514\"; the syslog daemon there can pass lines on to "
         "other hosts"},
        {"[[logs.sink]]\nkind = \"syslog\"\naddress = \"127.0.0.1:514\"\npath = \"/dev/log\"",
         "processd.toml:4:1: a sink has \"path\" or \"address\", not both"},
        {"[logs]\nstdout = [\"servces\"]\n[[logs.sink]]\nname = \"services\"\nkind = \"stderr\"",
         "processd.toml:2:11: \"stdout\" names \"servces\", which is no sink here: a sink to be named has a "
         "\"name\"; did you mean \"services\"?"},
        {"[logs]\nstdout = \"services\"",
         "processd.toml:2:10: \"stdout\" must be an array of strings: write [\"services\"]"},
        {"[[logs.sink]]\nkind = \"stderr\"\nname = \"Terminal\"",
         "processd.toml:3:8: \"name\" must be 1 to 64 of a-z 0-9 _ . @ - and a letter or digit first, not "
         "\"Terminal\""},
        {"[[logs.sink]]\nkind = \"stderr\"\nname = \"x\"\n[[logs.sink]]\nkind = \"journald\"\nname = \"x\"",
         "processd.toml:6:8: two sinks have the name \"x\""},
        {"[logs]\nrate_lines = 10\nrate_period = 5",
         "processd.toml:3:15: \"rate_period\" is a duration and needs its unit: write \"5s\""},
        {"[[logs.sink]]\nkind = \"stderr\"\nkeep = 3", "processd.toml:3:1: \"keep\" goes with kind = \"file\" only"},
        {"[[logs.sink]]\nkind = \"file\"\npath = \"x\"",
         "processd.toml:3:8: \"path\" must be an absolute path, not \"x\""},
        {"[[logs.sink]]\nkind = \"stderr\"\n[[logs.sink]]\nkind = \"stderr\"",
         "processd.toml:3:1: two sinks are of kind \"stderr\""},
        {"[[logs.sink]]\nkind = \"file\"\npath = \"/x\"\n[[logs.sink]]\nkind = \"file\"\npath = \"/x\"",
         "processd.toml:4:1: two sinks write the file \"/x\""},
        {"[logs]\nsink = [1]", "processd.toml:2:9: \"sink\" must hold tables, like { kind = \"stderr\" }, not a whole "
                               "number"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        CHECK(problems(daemon(row.text)) == row.message);
    }
}
