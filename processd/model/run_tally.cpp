// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/run_tally.h"

#include <nlohmann/json.hpp>

namespace processd::model {
namespace {

using nlohmann::json;
using std::chrono::microseconds;

std::int64_t us(base::Duration duration) { return std::chrono::duration_cast<microseconds>(duration).count(); }
std::int64_t us(base::WallTime time) { return us(time.time_since_epoch()); }
base::WallTime wall_time_from_us(std::int64_t number) { return base::WallTime{microseconds{number}}; }

// Whose processor time is a service's or job's own.
bool is_main(RunKind kind) { return kind == RunKind::service || kind == RunKind::job; }

void write(JsonText& to, const char* key, const StreamCount& count)
{
    to.key(key).array().value(count.bytes).value(count.dropped).end_array();
}
StreamCount stream_count_from(const json& j) { return {j.at(0), j.at(1)}; }

void add(StreamCount& to, const StreamCount& more)
{
    to.bytes += more.bytes;
    to.dropped += more.dropped;
}

} // namespace

std::string counted_name(RunKind kind, const std::string& name)
{
    switch (kind) {
    case RunKind::adhoc:
    case RunKind::script:
    case RunKind::lookup: return {};
    case RunKind::service:
    case RunKind::pre_start:
    case RunKind::ready:
    case RunKind::stop:
    case RunKind::post_stop:
    case RunKind::job:
    case RunKind::check:
    case RunKind::hook: return name;
    }
    return {};
}

RunCount count_of(const RunRecord& record)
{
    RunCount count;
    count.kind = record.kind;
    count.name = counted_name(record.kind, record.name);
    if (record.outcome) count.outcome = record.outcome->kind;
    count.success = record.outcome && record.outcome->success();
    count.duration = record.duration;
    if (record.started != base::WallTime{}) count.wait = record.started - record.created;
    count.cpu = record.usage.user + record.usage.system;
    if (record.kind != RunKind::lookup) count.out = record.out; // what it prints is an answer to us
    count.err = record.err;
    return count;
}

void KindTally::add(const RunCount& run)
{
    ++outcomes[static_cast<std::size_t>(run.outcome)];
    if (run.wait) wait.add(*run.wait);
}

void NameTally::add(const RunCount& run)
{
    auto& of = kinds[run.kind];
    if (!run.success) ++of.failed;
    if (run.duration) of.duration.add(*run.duration);
    if (is_main(run.kind)) cpu += run.cpu;
    model::add(out, run.out);
    model::add(err, run.err);
}

std::string text_of(const KindTally& tally)
{
    std::string text;
    JsonText to(text);
    to.object().put("created_us", us(tally.created)).key("outcomes").object();
    for (std::size_t i = 0; i < outcome_kinds; ++i) to.put(name_of(static_cast<OutcomeKind>(i)), tally.outcomes[i]);
    to.end_object().key("wait");
    tally.wait.write(to);
    to.end_object();
    return text;
}

std::string text_of(const NameTally& tally)
{
    std::string text;
    JsonText to(text);
    to.object().put("created_us", us(tally.created)).put("cpu_us", us(tally.cpu));
    write(to, "stdout", tally.out);
    write(to, "stderr", tally.err);
    to.key("kinds").object();
    for (const auto& [kind, of] : tally.kinds) {
        to.key(name_of(kind)).object().put("failed", of.failed).key("duration");
        of.duration.write(to);
        to.end_object();
    }
    to.end_object().end_object();
    return text;
}

KindTally kind_tally_from(const json& j)
{
    KindTally tally;
    tally.created = wall_time_from_us(j.at("created_us"));
    for (const auto& [name, number] : j.at("outcomes").items())
        if (const auto kind = outcome_kind(name)) tally.outcomes[static_cast<std::size_t>(*kind)] = number;
    tally.wait.read(j.at("wait"));
    return tally;
}

NameTally name_tally_from(const json& j)
{
    NameTally tally;
    tally.created = wall_time_from_us(j.at("created_us"));
    tally.cpu = microseconds{j.at("cpu_us").get<std::int64_t>()};
    tally.out = stream_count_from(j.at("stdout"));
    tally.err = stream_count_from(j.at("stderr"));
    for (const auto& [name, of] : j.at("kinds").items())
        if (const auto kind = run_kind(name)) {
            auto& mine = tally.kinds[*kind];
            mine.failed = of.at("failed");
            mine.duration.read(of.at("duration"));
        }
    return tally;
}

} // namespace processd::model
