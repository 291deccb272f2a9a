// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/run_record.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd::model;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

RunRecord full()
{
    RunRecord r;
    r.id = "01JD";
    r.number = ~std::uint64_t{0};
    r.kind = RunKind::pre_start;
    r.name = "ctdbd";
    r.parent = "01JC";
    r.asked_by = Identity{1000, 42, "processctl start ctdbd"};
    r.process.command = {"/bin/true"};
    r.process.environment = {{"SECRET", "value"}};
    r.fingerprint = 7;
    r.timeout = 5s;
    r.stop_timeout = 3s;
    r.state = RunState::ended;
    r.outcome = outcome_from_wait(OutcomeKind::signaled, 9);
    r.pid = 99;
    r.created = base::wall_from_ns(1'700'000'000'000'001'000);
    r.started = base::wall_from_ns(1'700'000'000'000'002'000);
    r.ended = base::wall_from_ns(1'700'000'001'000'000'000);
    r.duration = 1234567us;
    r.reason = "somebody asked";
    r.usage = {1500us, 2500us, 3, 4, 5, 6, 7};
    r.out = {10, 1};
    r.err = {20, 2};
    r.late = true;
    r.leftovers = {11, 12};
    r.reduced = {"nice"};
    r.proof = "cgroup";
    r.tail = {{"stdout", r.started, "text\n", false}, {"stderr", r.ended, std::string("\xff\0", 2), true}};
    return r;
}

json stored(const RunRecord& record)
{
    const auto text = stored_text(record);
    json j = json::parse(text.body);
    j["tail"] = json::parse(text.tail);
    return j;
}

} // namespace

TEST_CASE("a run record survives its text, binary output included", "[model][record]")
{
    const auto record = full();
    CHECK(parse_run_record(stored(record).dump()).value() == record);
    RunRecord plain;
    plain.process.command = {"x"};
    CHECK(parse_run_record(stored(plain).dump()).value() == plain);
}

TEST_CASE("a record of a newer version is read for what we know", "[model][record]")
{
    json j = stored(full());
    j["newer"] = {1, 2};
    j["process"]["newer"] = true;
    j["usage"]["newer"] = 1;
    CHECK(parse_run_record(j.dump()).value() == full());
}

TEST_CASE("a damaged record is corrupt, never a crash", "[model][record]")
{
    const json good = stored(full());
    for (const char* text : {"", "x", "{}", "[]", "null", "7"}) {
        const auto parsed = parse_run_record(text);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == base::Errc::corrupt);
    }
    // Each key in turn missing or of a wrong type.
    for (const auto& item : good.items()) {
        for (const json& wrong : {json(nullptr), json("\x01"), json(-1), json::object(), json{json::array()}}) {
            json bad = good;
            bad[item.key()] = wrong;
            CAPTURE(item.key());
            const auto parsed = parse_run_record(bad.dump());
            if (!parsed) CHECK(parsed.error().code == base::Errc::corrupt);
        }
        json bad = good;
        bad.erase(item.key());
        const auto parsed = parse_run_record(bad.dump());
        if (!parsed) CHECK(parsed.error().code == base::Errc::corrupt);
    }
    for (std::size_t cut = 0; cut < good.dump().size(); cut += 7)
        CHECK_FALSE(parse_run_record(good.dump().substr(0, cut)));
}

TEST_CASE("what is shown hides environment values and, in lists, the tail", "[model][record]")
{
    const auto record = full();
    const auto listed = shown(record, false, false);
    CHECK_FALSE(listed.contains("tail"));
    CHECK_FALSE(listed.contains("fingerprint"));
    CHECK(listed["process"]["environment"] == json{{"SECRET", nullptr}});
    CHECK(listed["outcome"] == "signaled");
    CHECK(listed["signal"] == "SIGKILL");
    const auto whole = shown(record, true, true);
    CHECK(whole["process"]["environment"]["SECRET"] == "value");
    CHECK(whole["tail"][0]["text"] == "text\n");
    CHECK(whole["tail"][1]["base64"] == "/wA=");
}

TEST_CASE("a run that has not ended has the outcome's keys as null", "[model][record]")
{
    RunRecord record;
    const json j = stored(record);
    for (const char* key : {"outcome", "code", "signal", "core", "errno", "stage", "oom", "oom_limit_bytes", "started",
                            "ended", "timeout_ms", "duration_us", "asked_by", "proof"}) {
        CAPTURE(key);
        REQUIRE(j.contains(key));
        CHECK(j[key].is_null());
    }
    CHECK(j["state"] == "starting");
}

TEST_CASE("kinds of runs are known by name", "[model][record]")
{
    for (const auto kind : {RunKind::adhoc, RunKind::service, RunKind::pre_start, RunKind::ready, RunKind::stop,
                            RunKind::post_stop, RunKind::job, RunKind::script})
        CHECK(run_kind(name_of(kind)) == kind);
    CHECK_FALSE(run_kind("other"));
    CHECK(name_of(RunState::stopping) == "stopping");
}
