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

json count_json(const StreamCount& count) { return {{"bytes", count.bytes}, {"dropped", count.dropped}}; }
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

void to_json(json& j, const RunRecord& r)
{
    j = {{"id", r.id},
         {"number", r.number},
         {"kind", name_of(r.kind)},
         {"name", r.name},
         {"parent", or_null(r.parent)},
         {"process", r.process},
         {"fingerprint", r.fingerprint},
         {"timeout_ms", json_ms(r.timeout)},
         {"stop_timeout_ms", json_ms(r.stop_timeout)},
         {"state", name_of(r.state)},
         {"pid", r.pid},
         {"created", json_time(r.created)},
         {"started", json_time(r.started)},
         {"ended", json_time(r.ended)},
         {"duration_us", r.duration ? json(r.duration->count() / 1000) : json(nullptr)},
         {"reason", r.reason},
         {"usage",
          {{"user_us", r.usage.user.count() / 1000},
           {"system_us", r.usage.system.count() / 1000},
           {"max_rss_kb", r.usage.max_rss_kb},
           {"minor_faults", r.usage.minor_faults},
           {"major_faults", r.usage.major_faults},
           {"blocks_in", r.usage.blocks_in},
           {"blocks_out", r.usage.blocks_out}}},
         {"stdout", count_json(r.out)},
         {"stderr", count_json(r.err)},
         {"late", r.late},
         {"leftovers", r.leftovers},
         {"proof", or_null(r.proof)}};
    j["asked_by"] = r.asked_by
                        ? json{{"uid", r.asked_by->uid}, {"pid", r.asked_by->pid}, {"command", r.asked_by->command}}
                        : json(nullptr);
    if (r.outcome)
        to_json(j, *r.outcome);
    else
        for (const char* key : {"outcome", "code", "signal", "core", "errno", "stage", "oom"}) j[key] = nullptr;
    json tail = json::array();
    for (const auto& piece : r.tail) tail.push_back(piece_json(piece));
    j["tail"] = std::move(tail);
}

void from_json(const json& j, RunRecord& r)
{
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
    const auto& state = j.at("state").get_ref<const std::string&>();
    bool known = false;
    for (std::size_t i = 0; i < state_names.size(); ++i)
        if (state_names[i] == state) {
            r.state = static_cast<RunState>(i);
            known = true;
        }
    if (!known) throw json::other_error::create(506, "unknown state of a run", &j);
    r.pid = j.at("pid");
    r.created = time_from(j, "created");
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
    r.proof = text_from(j, "proof");
    if (const auto& asked = j.at("asked_by"); !asked.is_null())
        r.asked_by = Identity{asked.at("uid"), asked.at("pid"), asked.at("command")};
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
    if (!with_tail) j.erase("tail");
    if (!with_environment)
        for (auto& item : j["process"]["environment"].items()) item.value() = nullptr;
    return j;
}

} // namespace processd::model
