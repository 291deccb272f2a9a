// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/run_record.h"

#include "helpers/base/wall_time.h"

#include <array>
#include <nlohmann/json.hpp>

namespace processd::model {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 9> kind_names{"adhoc",     "service", "pre_start", "ready", "stop",
                                                     "post_stop", "job",     "script",    "lookup"};
constexpr std::array<std::string_view, 4> state_names{"starting", "running", "stopping", "ended"};

template <class T> json or_null(const std::optional<T>& value) { return value ? json(*value) : json(nullptr); }

base::WallTime time_from(const json& j, const char* key)
{
    const auto found = j.find(key);
    if (found == j.end() || found->is_null()) return {};
    auto parsed = base::parse_wall_time(found->get_ref<const std::string&>());
    if (!parsed) throw json::other_error::create(503, parsed.error().message(), &j);
    return *parsed;
}

std::optional<base::Duration> duration_from(const json& j, const char* key)
{
    const auto found = j.find(key);
    if (found == j.end() || found->is_null()) return std::nullopt;
    return std::chrono::milliseconds{found->get<std::int64_t>()};
}

std::optional<std::string> text_from(const json& j, const char* key)
{
    const auto found = j.find(key);
    if (found == j.end() || found->is_null()) return std::nullopt;
    return found->get<std::string>();
}

json count_json(const StreamCount& count)
{
    json j;
    j["bytes"] = count.bytes;
    j["dropped"] = count.dropped;
    return j;
}
StreamCount count_from(const json& j) { return {j.at("bytes"), j.at("dropped")}; }

json piece_json(const OutputPiece& piece)
{
    json j{{"time", json_time(piece.time)}, {"stream", piece.stream}, {"late", piece.late}};
    put_bytes(j, piece.data);
    return j;
}

} // namespace

std::string_view name_of(RunKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }
std::string_view name_of(RunState state) { return state_names[static_cast<std::size_t>(state)]; }

std::optional<RunKind> run_kind(std::string_view name)
{
    for (std::size_t i = 0; i < kind_names.size(); ++i)
        if (kind_names[i] == name) return static_cast<RunKind>(i);
    return std::nullopt;
}

// Key by key: a list in braces would make an array of each pair and all of them, at three times the cost, and every run
// comes through here several times.
json request_json(const RunRecord& r)
{
    json j;
    j["id"] = r.id;
    j["number"] = r.number;
    j["kind"] = name_of(r.kind);
    j["name"] = r.name;
    j["parent"] = or_null(r.parent);
    j["process"] = r.process;
    j["fingerprint"] = r.fingerprint;
    j["timeout_ms"] = json_ms(r.timeout);
    j["stop_timeout_ms"] = json_ms(r.stop_timeout);
    j["created"] = json_time(r.created);
    j["asked_by"] = nullptr;
    if (r.asked_by) {
        json& by = j["asked_by"];
        by["uid"] = r.asked_by->uid;
        by["pid"] = r.asked_by->pid;
        by["command"] = r.asked_by->command;
    }
    return j;
}

void to_json(json& j, const RunRecord& r)
{
    j = request_json(r);
    j["state"] = name_of(r.state);
    j["pid"] = r.pid;
    j["started"] = json_time(r.started);
    j["ended"] = json_time(r.ended);
    j["duration_us"] = r.duration ? json(r.duration->count() / 1000) : json(nullptr);
    j["reason"] = r.reason;
    json& usage = j["usage"];
    usage["user_us"] = r.usage.user.count() / 1000;
    usage["system_us"] = r.usage.system.count() / 1000;
    usage["max_rss_kb"] = r.usage.max_rss_kb;
    usage["minor_faults"] = r.usage.minor_faults;
    usage["major_faults"] = r.usage.major_faults;
    usage["blocks_in"] = r.usage.blocks_in;
    usage["blocks_out"] = r.usage.blocks_out;
    j["stdout"] = count_json(r.out);
    j["stderr"] = count_json(r.err);
    j["late"] = r.late;
    j["leftovers"] = r.leftovers;
    j["strangers"] = r.strangers;
    j["reduced"] = r.reduced;
    j["proof"] = or_null(r.proof);
    if (r.outcome)
        to_json(j, *r.outcome);
    else
        for (const char* key : {"outcome", "code", "signal", "core", "errno", "stage", "oom"}) j[key] = nullptr;
    json tail = json::array();
    for (const auto& piece : r.tail) tail.push_back(piece_json(piece));
    j["tail"] = std::move(tail);
}

RunRecord request_from(const json& j)
{
    RunRecord r;
    r.id = j.at("id");
    r.number = j.at("number");
    const auto kind = run_kind(j.at("kind").get_ref<const std::string&>());
    if (!kind) throw json::other_error::create(504, "unknown kind of run", &j);
    r.kind = *kind;
    r.name = j.at("name");
    r.parent = text_from(j, "parent");
    auto process = process_spec_from(j.at("process"), UnknownKeys::allowed);
    if (!process) throw json::other_error::create(505, process.error().message(), &j);
    r.process = *std::move(process);
    r.fingerprint = j.at("fingerprint");
    r.timeout = duration_from(j, "timeout_ms");
    r.stop_timeout = duration_from(j, "stop_timeout_ms").value_or(base::Duration{});
    r.created = time_from(j, "created");
    if (const auto& asked = j.at("asked_by"); !asked.is_null())
        r.asked_by = Identity{asked.at("uid"), asked.at("pid"), asked.at("command")};
    return r;
}

void from_json(const json& j, RunRecord& r)
{
    r = request_from(j);
    const auto& state = j.at("state").get_ref<const std::string&>();
    bool known = false;
    for (std::size_t i = 0; i < state_names.size(); ++i)
        if (state_names[i] == state) {
            r.state = static_cast<RunState>(i);
            known = true;
        }
    if (!known) throw json::other_error::create(506, "unknown state of a run", &j);
    r.pid = j.at("pid");
    r.started = time_from(j, "started");
    r.ended = time_from(j, "ended");
    if (const auto& us = j.at("duration_us"); !us.is_null())
        r.duration = std::chrono::microseconds{us.get<std::int64_t>()};
    r.reason = j.at("reason");
    const auto& usage = j.at("usage");
    r.usage.user = std::chrono::microseconds{usage.at("user_us").get<std::int64_t>()};
    r.usage.system = std::chrono::microseconds{usage.at("system_us").get<std::int64_t>()};
    r.usage.max_rss_kb = usage.at("max_rss_kb");
    r.usage.minor_faults = usage.at("minor_faults");
    r.usage.major_faults = usage.at("major_faults");
    r.usage.blocks_in = usage.at("blocks_in");
    r.usage.blocks_out = usage.at("blocks_out");
    r.out = count_from(j.at("stdout"));
    r.err = count_from(j.at("stderr"));
    r.late = j.at("late");
    r.leftovers = j.at("leftovers").get<std::vector<std::int32_t>>();
    r.strangers = j.value("strangers", std::vector<std::int32_t>{}); // which older records lack
    r.reduced = j.value("reduced", std::vector<std::string>{});
    r.proof = text_from(j, "proof");
    if (!j.at("outcome").is_null()) r.outcome = j.get<Outcome>();
    for (const auto& piece : j.at("tail"))
        r.tail.push_back({piece.at("stream"), time_from(piece, "time"), bytes_from(piece), piece.value("late", false)});
}

base::Result<RunRecord> parse_run_record(std::string_view text)
{
    auto j = parse_json(text);
    if (!j) return base::fail(base::Errc::corrupt, "a run record is " + j.error().message());
    try {
        return j->get<RunRecord>();
    } catch (const json::exception& e) {
        return base::fail(base::Errc::corrupt, std::string("a run record is malformed: ") + e.what());
    }
}

json shown(const RunRecord& record, bool with_tail, bool with_environment)
{
    json j = record;
    j.erase("fingerprint");
    j["process"]["command"] = shown_command(record.process);
    if (!with_tail) j.erase("tail");
    if (!with_environment)
        for (auto& item : j["process"]["environment"].items()) item.value() = nullptr;
    return j;
}

} // namespace processd::model
