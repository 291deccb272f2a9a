// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/line_format.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>
#include <unistd.h>

using namespace processd::output;
using processd::model::LineFormat;

namespace {

// These forms have local times.
struct Zone {
    explicit Zone(const char* name)
    {
        ::setenv("TZ", name, 1);
        ::tzset();
    }
    ~Zone()
    {
        ::unsetenv("TZ");
        ::tzset();
    }
};

LogLine sample()
{
    LogLine line;
    line.seq = 5;
    line.time = base::wall_from_ns(1'795'365'789'123'456'789); // 2026-11-22T16:43:09.123456789Z
    line.service = "ctdbd";
    line.run = "01RUN";
    line.pid = 4711;
    line.data = "Freeze all: nothing to freeze";
    return line;
}

std::string made(LineFormat format, const LogLine& line)
{
    std::string text;
    append_line(text, {format, "nas1", 19, 7}, line);
    return text;
}

std::vector<std::string> messages(std::string_view text)
{
    std::vector<std::string> all;
    while (!text.empty()) {
        const auto next = next_message(text);
        all.emplace_back(next.data);
        text.remove_prefix(next.taken);
    }
    return all;
}

std::string noticed(LineFormat format, const Notice& notice)
{
    std::string text;
    append_notice(text, {format, "nas1", 19, 7}, notice);
    return text;
}

} // namespace

TEST_CASE("a line in a log file tells when, who, where and what", "[output][line_format]")
{
    auto line = sample();
    line.data = "ready\r";
    auto text = made(LineFormat::text, line);
    line.service.clear();
    line.stream = Stream::err;
    line.partial = line.late = true;
    line.time += std::chrono::seconds{1};
    text += made(LineFormat::text, line);
    line.time = base::wall_from_ns(-1'000);
    line.data.clear();
    text += made(LineFormat::text, line);
    CHECK(text == "2026-11-22T16:43:09.123456Z ctdbd[01RUN] stdout: ready\r\n"
                  "2026-11-22T16:43:10.123456Z run[01RUN] late stderr+: ready\r\n"
                  "1969-12-31T23:59:59.999999Z run[01RUN] late stderr+: \n");
}

TEST_CASE("CTDB's form has local time with its zone, host, program and pid", "[output][line_format]")
{
    {
        const Zone zone{"UTC"};
        CHECK(made(LineFormat::ctdb, sample()) ==
              "2026-11-22T16:43:09.123456+00:00 nas1 ctdbd[4711]: Freeze all: nothing to freeze\n");
    }
    const Zone zone{"Asia/Kathmandu"};
    auto line = sample();
    line.time += std::chrono::seconds{1}; // as times are made once a second
    line.service.clear();
    CHECK(made(LineFormat::ctdb, line) ==
          "2026-11-22T22:28:10.123456+05:45 nas1 run[4711]: Freeze all: nothing to freeze\n");
}

TEST_CASE("bare lines are as they were, and JSON lines as the API has them", "[output][line_format]")
{
    CHECK(made(LineFormat::bare, sample()) == "Freeze all: nothing to freeze\n");
    std::string api;
    append_ndjson(api, sample(), 7);
    CHECK(made(LineFormat::json, sample()) == api);
    CHECK(nlohmann::json::parse(api)["pid"] == 4711);
}

TEST_CASE("syslog has the form of /dev/log or RFC 5424's", "[output][line_format]")
{
    const Zone zone{"Europe/Berlin"};
    auto line = sample();
    line.time += std::chrono::seconds{2};
    CHECK(messages(made(LineFormat::local, line)) ==
          std::vector<std::string>{"<158>Nov 22 17:43:11 ctdbd[4711]: Freeze all: nothing to freeze"});
    CHECK(messages(made(LineFormat::rfc5424, line)) ==
          std::vector<std::string>{"<158>1 2026-11-22T17:43:11.123456+01:00 nas1 ctdbd 4711 stdout - "
                                   "Freeze all: nothing to freeze"});
    line.time = base::wall_from_ns(1'793'500'000'000'000'000);
    line.pid = 0;
    line.stream = Stream::err;
    line.data = std::string("a\0b", 3);
    CHECK(messages(made(LineFormat::local, line)) == std::vector<std::string>{"<157>Nov  1 03:26:40 ctdbd: a b"});
    CHECK(messages(made(LineFormat::rfc5424, line)) ==
          std::vector<std::string>{"<157>1 2026-11-01T03:26:40.000000+01:00 nas1 ctdbd - stderr - a b"});
}

TEST_CASE("a line may say its own severity", "[output][line_format]")
{
    auto line = sample();
    line.data = "<3>no quorum";
    CHECK(messages(made(LineFormat::local, line)).front().starts_with("<155>"));
    CHECK(messages(made(LineFormat::local, line)).front().ends_with(": no quorum"));
    struct Row {
        std::string text;
        int level;
        std::string rest;
    };
    for (const auto& row : std::vector<Row>{{"<0>x", 0, "x"},
                                            {"<7>", 7, ""},
                                            {"<8>x", 6, "<8>x"},
                                            {"<33>x", 6, "<33>x"},
                                            {"<3", 6, "<3"},
                                            {"", 6, ""}}) {
        CAPTURE(row.text);
        const auto said = severity_of(Stream::out, row.text);
        CHECK(said.level == row.level);
        CHECK(said.text == row.rest);
    }
}

TEST_CASE("a line too long for syslog becomes several messages, cut between characters", "[output][line_format]")
{
    auto line = sample();
    line.data = std::string(7999, 'x') + "€" + std::string(9000, 'y');
    const auto all = messages(made(LineFormat::local, line));
    REQUIRE(all.size() == 3);
    CHECK(all[0].ends_with("xx"));
    CHECK(all[1].find("]: €yy") != std::string::npos);
    std::string joined;
    for (const auto& one : all) joined += one.substr(one.find("]: ") + 3);
    CHECK(joined == line.data);
    line.data = std::string(20'000, '\x80'); // no character anywhere
    CHECK(messages(made(LineFormat::local, line)).size() == 3);
}

TEST_CASE("journald gets fields", "[output][line_format]")
{
    auto line = sample();
    line.partial = line.late = true;
    CHECK(messages(made(LineFormat::journald, line)) ==
          std::vector<std::string>{"MESSAGE=Freeze all: nothing to freeze\nPRIORITY=6\nSYSLOG_IDENTIFIER=ctdbd\n"
                                   "SYSLOG_FACILITY=19\nSYSLOG_PID=4711\nPROCESSD_SERVICE=ctdbd\nPROCESSD_RUN=01RUN\n"
                                   "PROCESSD_STREAM=stdout\nPROCESSD_TIME=2026-11-22T16:43:09.123456Z\n"
                                   "PROCESSD_SEQ=7.5\nPROCESSD_PARTIAL=1\nPROCESSD_LATE=1\n"});
    line.data = "a\nb"; // no splitter makes such a line, but a field must not end early
    CHECK(messages(made(LineFormat::journald, line))
              .front()
              .starts_with(std::string("MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\nPRIORITY=6\n", 31)));
}

TEST_CASE("a notice says how many lines are missing, of whom and why", "[output][line_format]")
{
    const Zone zone{"UTC"};
    const Notice of_all{sample().time, "", "", 12, "No space left on device"};
    const Notice of_one{sample().time, "web", "01RUN", 34, "more than 10 in 1s"};
    CHECK(noticed(LineFormat::text, of_all) ==
          "2026-11-22T16:43:09.123456Z ctdb-processd: … 12 lines dropped, No space left on device\n");
    CHECK(noticed(LineFormat::text, of_one) ==
          "2026-11-22T16:43:09.123456Z ctdb-processd: … 34 lines of web[01RUN] dropped, more than 10 in 1s\n");
    const auto pid = std::to_string(::getpid());
    CHECK(noticed(LineFormat::ctdb, of_all) == "2026-11-22T16:43:09.123456+00:00 nas1 ctdb-processd[" + pid +
                                                   "]: … 12 lines dropped, No space left on device\n");
    CHECK(noticed(LineFormat::bare, of_all) == "ctdb-processd: … 12 lines dropped, No space left on device\n");
    CHECK(nlohmann::json::parse(noticed(LineFormat::json, of_one)) ==
          nlohmann::json{{"type", "dropped"},
                         {"time", "2026-11-22T16:43:09.123456Z"},
                         {"service", "web"},
                         {"run", "01RUN"},
                         {"lines", 34},
                         {"reason", "more than 10 in 1s"}});
    CHECK(nlohmann::json::parse(noticed(LineFormat::json, of_all))["service"].is_null());
    CHECK(messages(noticed(LineFormat::local, of_one)).front() ==
          "<156>Nov 22 16:43:09 ctdb-processd[" + pid + "]: … 34 lines of web[01RUN] dropped, more than 10 in 1s");
    CHECK(messages(noticed(LineFormat::rfc5424, of_one)).front().find(" dropped - … 34 ") != std::string::npos);
    CHECK(messages(noticed(LineFormat::journald, of_one)).front().ends_with("PROCESSD_DROPPED=34\n"));
}
