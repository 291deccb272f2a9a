// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/run_record.h"

#include "helpers/base/wall_time.h"

#include <array>
#include <nlohmann/json.hpp>

namespace processd::model {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 11> kind_names{"adhoc", "service", "pre_start", "ready", "stop", "post_stop",
                                                      "job",   "script",  "lookup",    "check", "hook"};
constexpr std::array<std::string_view, 4> state_names{"starting", "running", "stopping", "ended"};

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

void write_count(JsonText& object, const char* key, const StreamCount& count)
{
    object.key(key).object().put("bytes", count.bytes).put("dropped", count.dropped).end_object();
}
StreamCount count_from(const json& j) { return {j.at("bytes"), j.at("dropped")}; }

// The keys of what was asked for, into an object.
void write_asked(JsonText& object, const RunRecord& r, Shown shown)
{
    object.put("id", r.id).put("number", r.number).put("kind", name_of(r.kind)).put("name", r.name);
    object.put("parent", r.parent);
    object.key("process");
    write(object, r.process, shown);
    if (shown == Shown::all) object.put("fingerprint", r.fingerprint);
    object.put("timeout_ms", r.timeout).put("stop_timeout_ms", r.stop_timeout).put("created", r.created);
    object.key("asked_by");
    if (!r.asked_by) {
        object.null();
        return;
    }
    object.object().put("uid", r.asked_by->uid).put("pid", r.asked_by->pid);
    object.put("command", r.asked_by->command).end_object();
}

void write_tail(JsonText& to, const RunRecord& r)
{
    to.array();
    for (const auto& piece : r.tail) {
        to.object().put("time", piece.time).put("stream", piece.stream).put("late", piece.late);
        to.put_bytes(piece.data).end_object();
    }
    to.end_array();
}

// All keys but the tail, into an object.
void write_body(JsonText& object, const RunRecord& r, Shown shown)
{
    write_asked(object, r, shown);
    object.put("state", name_of(r.state)).put("pid", r.pid).put("started", r.started).put("ended", r.ended);
    object.key("duration_us");
    if (r.duration)
        object.value(r.duration->count() / 1000);
    else
        object.null();
    write(object, r.outcome);
    object.put("reason", r.reason);
    object.key("usage").object();
    object.put("user_us", r.usage.user.count() / 1000).put("system_us", r.usage.system.count() / 1000);
    object.put("max_rss_kb", r.usage.max_rss_kb);
    object.put("minor_faults", r.usage.minor_faults).put("major_faults", r.usage.major_faults);
    object.put("blocks_in", r.usage.blocks_in).put("blocks_out", r.usage.blocks_out).end_object();
    write_count(object, "stdout", r.out);
    write_count(object, "stderr", r.err);
    object.put("late", r.late).put("leftovers", r.leftovers).put("strangers", r.strangers);
    object.put("reduced", r.reduced).put("proof", r.proof);
}

} // namespace

std::string sentence(const Identity& who)
{
    std::string text = "uid " + std::to_string(who.uid);
    if (who.pid <= 0) return text + " (a process outside of this pid namespace)";
    return text + " (" + (who.command.empty() ? "" : who.command + ", ") + "pid " + std::to_string(who.pid) + ")";
}

std::string_view name_of(RunKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }
std::string_view name_of(RunState state) { return state_names[static_cast<std::size_t>(state)]; }

std::optional<RunKind> run_kind(std::string_view name)
{
    for (std::size_t i = 0; i < kind_names.size(); ++i)
        if (kind_names[i] == name) return static_cast<RunKind>(i);
    return std::nullopt;
}

void write_request(JsonText& to, const RunRecord& record)
{
    to.object();
    write_asked(to, record, Shown::all);
    to.end_object();
}

StoredText stored_text(const RunRecord& record)
{
    StoredText text;
    JsonText body{text.body};
    body.object();
    write_body(body, record, Shown::all);
    body.end_object();
    JsonText tail{text.tail};
    write_tail(tail, record);
    return text;
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

std::string shown_text(const RunRecord& record, bool with_tail, bool with_environment)
{
    std::string text;
    JsonText to{text};
    to.object();
    write_body(to, record, with_environment ? Shown::with_environment : Shown::without_environment);
    if (with_tail) write_tail(to.key("tail"), record);
    to.end_object();
    return text;
}

json shown(const RunRecord& record, bool with_tail, bool with_environment)
{
    return json::parse(shown_text(record, with_tail, with_environment));
}

} // namespace processd::model
