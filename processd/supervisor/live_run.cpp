// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/live_run.h"

#include "processd/supervisor/spawn_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::supervisor {
namespace {

using nlohmann::json;

void write_launch(model::JsonText& to, const Launch& launch, bool with_stdin)
{
    to.object().key("record");
    write_request(to, launch.record);
    to.put("ready_by", static_cast<int>(launch.ready_by)).put("ready_fd", launch.ready_fd);
    to.put("ready_pattern", launch.ready_pattern);
    if (launch.runtime_directory) to.put("runtime_directory", *launch.runtime_directory);
    if (with_stdin && launch.stdin_data) to.put("stdin_base64", model::to_base64(*launch.stdin_data));
    if (launch.then) write_launch(to.key("then"), *launch.then, true);
    to.end_object();
}

Launch launch_from(const json& j)
{
    Launch launch;
    launch.record = model::request_from(j.at("record"));
    launch.ready_by = static_cast<protocol::ReadyBy>(j.at("ready_by").get<int>());
    launch.ready_fd = j.at("ready_fd");
    launch.ready_pattern = j.at("ready_pattern");
    if (const auto directory = j.find("runtime_directory"); directory != j.end())
        launch.runtime_directory = directory->get<std::string>();
    if (const auto data = j.find("stdin_base64"); data != j.end()) {
        auto bytes = model::from_base64(data->get_ref<const std::string&>());
        if (bytes) launch.stdin_data = *std::move(bytes);
    }
    if (const auto then = j.find("then"); then != j.end()) launch.then = std::make_unique<Launch>(launch_from(*then));
    return launch;
}

} // namespace

std::string note_of(const Launch& launch)
{
    std::string note;
    model::JsonText to{note};
    write_launch(to, launch, false);
    return note;
}

base::Result<Launch> parse_note(std::string_view note)
{
    auto j = model::parse_json(note);
    if (!j) return base::fail(base::Errc::corrupt, "a run's note is " + j.error().message());
    try {
        return launch_from(*j);
    } catch (const json::exception& e) {
        return base::fail(base::Errc::corrupt, std::string("a run's note is malformed: ") + e.what());
    }
}

std::string cookie_of(const StopMark& mark)
{
    return json{{"why", model::name_of(mark.why)},
                {"kill_at", base::to_ns(mark.kill_at)},
                {"reason", mark.reason.substr(0, 1024)}}
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<StopMark> parse_cookie(std::string_view cookie)
{
    if (cookie.empty()) return std::nullopt;
    try {
        const auto j = json::parse(cookie);
        StopMark mark;
        mark.why =
            model::outcome_kind(j.at("why").get_ref<const std::string&>()).value_or(model::OutcomeKind::cancelled);
        mark.kill_at = base::time_from_ns(j.at("kill_at"));
        mark.reason = j.at("reason");
        return mark;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

model::RunPolicy policy_of(const model::RunRecord& record)
{
    return {record.timeout, record.stop_timeout, record.kind == model::RunKind::script};
}

model::run::State resumed_state(const model::RunRecord& record, const protocol::ChildState& told,
                                const std::optional<StopMark>& stop)
{
    using namespace model::run;
    if (told.phase == protocol::Phase::starting || told.phase == protocol::Phase::failed)
        return stop ? Starting{stop->why} : Starting{};
    if (stop) return Stopping{stop->why, stop->kill_at};
    const auto started = base::time_from_ns(told.started_mono_ns);
    return Running{record.timeout ? std::optional(started + *record.timeout) : std::nullopt};
}

Notified notified_in(const protocol::ChildState& told)
{
    return {base::time_from_ns(told.watchdog_mono_ns), base::time_from_ns(told.extend_mono_ns),
            (told.flags & protocol::flag_trouble) != 0, (told.flags & protocol::flag_reloading) != 0,
            (told.flags & protocol::flag_stopping) != 0};
}

void show_state(LiveRun& live)
{
    const auto name = model::run::name_of(live.state);
    live.record.state = name == "starting"  ? model::RunState::starting
                        : name == "running" ? model::RunState::running
                                            : model::RunState::stopping;
}

void update_record(model::RunRecord& record, const protocol::ChildState& told)
{
    using protocol::Phase;
    using std::chrono::microseconds;
    record.pid = told.pid;
    if (told.phase == Phase::running || told.phase == Phase::exited)
        record.started = base::wall_from_ns(told.started_wall_ns);
    record.reduced = attribute_names(told.reduced);
    if (told.phase == Phase::exited) {
        record.ended = base::wall_from_ns(told.exited_wall_ns);
        record.duration = base::Duration{told.exited_mono_ns - told.started_mono_ns};
        record.usage = {microseconds{told.user_us},
                        microseconds{told.system_us},
                        told.max_rss_kb,
                        told.minor_faults,
                        told.major_faults,
                        told.blocks_in,
                        told.blocks_out};
    }
    const auto named = [](std::uint32_t count, const auto& pids) {
        const auto end = pids.begin() + std::min<std::ptrdiff_t>(count, std::ssize(pids));
        return std::vector<std::int32_t>(pids.begin(), end);
    };
    const bool proven_empty = told.phase == Phase::exited && told.proof == protocol::Proof::cgroup &&
                              (told.flags & protocol::flag_populated) == 0;
    if (told.emptying == protocol::Emptying::done || proven_empty) {
        record.proof = told.proof == protocol::Proof::cgroup ? "cgroup" : "sweep";
        record.leftovers = named(told.survivor_count, told.survivors);
        record.strangers = named(told.stranger_count, told.strangers);
    } else if (told.emptying == protocol::Emptying::survivors) {
        record.leftovers = named(told.survivor_count, told.survivors);
    }
}

model::Outcome spawn_failure(const model::ProcessSpec& process, const protocol::ChildState& told)
{
    model::Outcome outcome;
    outcome.kind = model::OutcomeKind::spawn_failed;
    outcome.stage = stage_name(static_cast<std::uint32_t>(told.stage), (told.flags & protocol::flag_stuck) != 0);
    if (const auto which = attribute_name(told.attribute, process); !which.empty()) *outcome.stage += ":" + which;
    if (told.stage_errno != 0) outcome.errno_value = told.stage_errno;
    return outcome;
}

} // namespace processd::supervisor
