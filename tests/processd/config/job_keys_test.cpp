// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/processd/config/texts.h"

#include <catch2/catch.hpp>

using namespace processd;
using namespace std::chrono_literals;
using texts::problems;

namespace {

config::Loaded job(const std::string& lines) { return texts::service("[job]\ncommand = [\"x\"]\n" + lines); }
config::Loaded hook(const std::string& lines) { return texts::service("[hook]\ncommand = [\"x\"]\n" + lines); }

} // namespace

TEST_CASE("a job's keys become its specification", "[config][job]")
{
    const auto loaded = job(R"(nice = 5
timeout = "10m"
stop_timeout = "1s"
success_codes = [0, 75]
every = "1h"
start_delay = "1m"
jitter_percent = 0
on_change = ["/etc/exports", "/etc/samba/"]
settle = "1s"
overlap = "replace"
allow = { users = ["backup"], groups = ["operators"] }
)");
    REQUIRE(problems(loaded).empty());
    CHECK(loaded->services.empty());
    const auto& spec = loaded->jobs.at("a");
    CHECK(spec.name == "a");
    CHECK(!spec.hook);
    CHECK(spec.process.nice == 5);
    CHECK(spec.timeout == 10min);
    CHECK(spec.stop_timeout == 1s);
    CHECK(spec.success_codes == std::set<int>{0, 75});
    CHECK(spec.every == 1h);
    CHECK(spec.start_delay == 1min);
    CHECK(spec.on_change == std::vector<std::string>{"/etc/exports", "/etc/samba"});
    CHECK(spec.settle == 1s);
    CHECK(spec.overlap == model::Overlap::replace);
    CHECK(spec.allow.users == std::set<std::string>{"backup"});
    CHECK(spec.allow.groups == std::set<std::string>{"operators"});
    CHECK(job("on_change = \"/x\"")->jobs.at("a").on_change == std::vector<std::string>{"/x"});
}

TEST_CASE("a hook has a timeout and a quiet time unless told", "[config][job]")
{
    const auto loaded = hook("on = \"service.failed\"");
    REQUIRE(problems(loaded).empty());
    const auto& spec = loaded->jobs.at("a");
    CHECK(spec.hook);
    CHECK(spec.on == std::set<model::EdgeKind>{model::EdgeKind::service_failed});
    CHECK(spec.timeout == 30s);
    CHECK(spec.debounce == 10s);
    const auto more = hook("on = [\"service.ready\", \"check.failing\"]\ntimeout = \"1s\"\ndebounce = \"0s\"");
    REQUIRE(problems(more).empty());
    CHECK(more->jobs.at("a").on.size() == 2);
    CHECK(more->jobs.at("a").timeout == 1s);
    CHECK(more->jobs.at("a").debounce == 0s);
}

TEST_CASE("mistakes in jobs and hooks are told with what would be right", "[config][job]")
{
    const std::vector<std::pair<config::Loaded, std::string>> table{
        {job("on_change = \"etc/exports\""),
         "a.toml:3:13: \"on_change\" must be an absolute path, like \"/etc/exports\", or an array of them"},
        {job("start_delay = \"1m\""), "a.toml:3:1: \"start_delay\" goes with every only"},
        {job("settle = \"1s\""), "a.toml:3:1: \"settle\" goes with on_change only"},
        {job("debounce = \"1s\""), "a.toml:3:1: \"debounce\" goes with on_failure only"},
        {job("on = \"service.failed\""),
         "a.toml:3:1: \"on\" is a hook's: what runs on an edge is declared with [hook]"},
        {job("overlap = \"queued\""),
         "a.toml:3:11: \"overlap\" must be one of \"skip\", \"queue\", \"replace\", not \"queued\"; did you mean "
         "\"queue\"?"},
        {job("on_failure = [\"ctdbd\"]"), "a.toml:3:15: \"on_failure\" names \"ctdbd\", which is no service here"},
        {hook(""), "a.toml:1:2: [hook] needs an edge to run on, like on = \"service.failed\""},
        {hook("on = \"service.fail\""),
         "a.toml:3:6: \"on\" does not know \"service.fail\"; did you mean \"service.failed\"?; there are "
         "service.ready, "
         "service.failed, service.given_up, service.stopped, check.failing, check.good, job.failed"},
        {hook("on = \"job.failed\"\nof = []"), "a.toml:4:6: \"of\" names nothing; leave it out, or name services"},
    };
    for (const auto& [loaded, wanted] : table) CHECK(problems(loaded) == wanted);
}

TEST_CASE("services and jobs name each other where it makes sense", "[config][job]")
{
    const auto files = [](const std::vector<std::pair<std::string, std::string>>& all) {
        std::vector<config::SourceSet> sets;
        for (const auto& [name, text] : all) sets.push_back(texts::set(name, {{name + ".toml", text}}));
        return config::interpret(sets);
    };
    const std::string job_file = "[job]\ncommand = [\"x\"]\n";
    const std::string check = "[service]\ncommand = [\"x\"]\n[service.check.c]\nunix = \"/s\"\naction = \"job\"\n";
    CHECK(problems(files({{"backup", job_file}, {"web", check + "job = \"backup\""}})).empty());
    CHECK(problems(files({{"backup", job_file}, {"web", check + "job = \"bakup\""}})) ==
          "web.toml:6:7: \"job\" names \"bakup\", which is no job here; did you mean \"backup\"?");
    CHECK(problems(files({{"web", check}})) ==
          "web.toml:5:10: action = \"job\" needs the job, like job = \"collect-traces\"");
    CHECK(problems(files({{"backup", job_file}, {"web", "[service]\ncommand = [\"x\"]\nafter = [\"backup\"]"}})) ==
          "web.toml:3:10: \"after\" names \"backup\", which is no service but a job");
    CHECK(problems(files({{"backup", job_file},
                          {"page", "[hook]\ncommand = [\"x\"]\non = \"job.failed\"\nof = [\"backup\"]"}}))
              .empty());
}
