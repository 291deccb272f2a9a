// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/outcome.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

using namespace processd::model;
using nlohmann::json;

namespace {

constexpr int status_of_exit(int code) { return code << 8; }
constexpr int core_flag = 0x80;

Outcome there_and_back(const Outcome& outcome) { return json(outcome).get<Outcome>(); }

} // namespace

TEST_CASE("all 256 exit codes survive wait status and JSON", "[model][outcome]")
{
    for (int code = 0; code < 256; ++code) {
        const auto outcome = outcome_from_wait(OutcomeKind::exited, status_of_exit(code));
        CHECK(outcome.code == code);
        CHECK_FALSE(outcome.signal);
        CHECK_FALSE(outcome.core);
        CHECK(outcome.success() == (code == 0));
        CHECK(there_and_back(outcome) == outcome);
        CHECK(sentence(outcome) == "exited with code " + std::to_string(code));
    }
}

TEST_CASE("all signals survive wait status, JSON and their names", "[model][outcome]")
{
    for (int signal = 1; signal <= 64; ++signal) {
        CAPTURE(signal);
        for (const int core : {0, core_flag}) {
            const auto outcome = outcome_from_wait(OutcomeKind::signaled, signal | core);
            CHECK(outcome.signal == signal);
            CHECK(outcome.core == (core != 0));
            CHECK_FALSE(outcome.code);
            CHECK_FALSE(outcome.success());
            CHECK(there_and_back(outcome) == outcome);
        }
        CHECK(signal_number(signal_name(signal)) == signal);
        CHECK(signal_number(std::to_string(signal)) == signal);
    }
    CHECK(signal_number("TERM") == SIGTERM);
    CHECK(signal_name(SIGRTMIN) == "SIGRTMIN");
    CHECK(signal_number("RTMIN+3") == SIGRTMIN + 3);
    for (const char* bad : {"", "0", "-1", "65", "SIG", "term", "TREM", "15x", "RTMIN+99", "99999999999999"}) {
        CAPTURE(bad);
        CHECK_FALSE(signal_number(bad));
    }
}

TEST_CASE("the JSON of an outcome has its eight keys, always", "[model][outcome]")
{
    CHECK(json(outcome_from_wait(OutcomeKind::exited, status_of_exit(3))) == json{{"outcome", "exited"},
                                                                                  {"code", 3},
                                                                                  {"signal", nullptr},
                                                                                  {"core", nullptr},
                                                                                  {"errno", nullptr},
                                                                                  {"stage", nullptr},
                                                                                  {"oom", nullptr},
                                                                                  {"oom_limit_bytes", nullptr}});
    Outcome failed;
    failed.kind = OutcomeKind::spawn_failed;
    failed.errno_value = ENOENT;
    failed.stage = "exec";
    CHECK(json(failed) == json{{"outcome", "spawn_failed"},
                               {"code", nullptr},
                               {"signal", nullptr},
                               {"core", nullptr},
                               {"errno", ENOENT},
                               {"stage", "exec"},
                               {"oom", nullptr},
                               {"oom_limit_bytes", nullptr}});
    failed.oom = true;
    failed.oom_limit = 1;
    CHECK(there_and_back(failed) == failed);
}

TEST_CASE("each kind of outcome has a name and a sentence", "[model][outcome]")
{
    struct Row {
        OutcomeKind kind;
        int status;
        std::string name, sentence;
    };
    const std::vector<Row> rows{
        {OutcomeKind::exited, status_of_exit(0), "exited", "exited with code 0"},
        {OutcomeKind::signaled, SIGSEGV | core_flag, "signaled", "killed by SIGSEGV (core dumped)"},
        {OutcomeKind::timed_out, SIGKILL, "timed_out", "timed out, then killed by SIGKILL"},
        {OutcomeKind::cancelled, status_of_exit(7), "cancelled", "cancelled, then exited with code 7"},
    };
    for (const auto& row : rows) {
        CHECK(sentence(outcome_from_wait(row.kind, row.status)) == row.sentence);
        CHECK(name_of(row.kind) == row.name);
        CHECK(outcome_kind(row.name) == row.kind);
    }
    Outcome failed;
    failed.kind = OutcomeKind::spawn_failed;
    failed.stage = "exec";
    failed.errno_value = ENOENT;
    CHECK(sentence(failed) == "could not start: exec: No such file or directory");
    failed.errno_value.reset();
    failed.stage = "stuck:chdir";
    CHECK(sentence(failed) == "could not start: stuck:chdir");
    Outcome lost;
    lost.kind = OutcomeKind::lost;
    CHECK(sentence(lost) == "lost: the keeper ended before it did");
    CHECK(sentence("it", lost) == "it was lost: the keeper ended before it did");
    CHECK(sentence("it", failed, "the cwd") == "it could not start: stuck:chdir: the cwd");
    CHECK(sentence("it", outcome_from_wait(OutcomeKind::cancelled, SIGTERM)) ==
          "it was cancelled, then killed by SIGTERM");
    auto oom = outcome_from_wait(OutcomeKind::signaled, SIGKILL);
    oom.oom = true;
    CHECK(sentence(oom) == "killed by SIGKILL: out of memory");
    oom.oom_limit = 64 << 20;
    CHECK(sentence(oom) == "killed by SIGKILL: out of memory (limit 64 MiB)");
    auto worker = outcome_from_wait(OutcomeKind::exited, 3 << 8);
    worker.oom = true;
    CHECK(sentence(worker) == "exited with code 3, after one of its processes was killed: out of memory");
    worker.oom = false;
    CHECK(sentence(worker) == "exited with code 3");
    CHECK_FALSE(outcome_kind("died"));
}

TEST_CASE("a malformed outcome throws nlohmann's exceptions and no others", "[model][outcome]")
{
    for (const char* bad :
         {"{}", "[]", "null", R"({"outcome": 1})", R"({"outcome": "died"})", R"({"outcome": "exited", "code": "x"})",
          R"({"outcome": "exited", "signal": 9})", R"({"outcome": "exited", "oom": 3})"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(json::parse(bad).get<Outcome>(), json::exception);
    }
}
