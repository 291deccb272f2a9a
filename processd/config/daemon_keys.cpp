// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/daemon_keys.h"

#include "processd/config/table_reader.h"

#include <algorithm>

namespace processd::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t KiB = 1ULL << 10U, MiB = 1ULL << 20U, GiB = 1ULL << 30U;
constexpr base::Duration day = 24h;

void read_access(TableReader& top, std::vector<model::AccessRule>& rules)
{
    auto keys = top.table("access", R"([access] with operate = { groups = ["operators"] })");
    if (!keys) return;
    using model::Access;
    for (const auto level : {Access::read, Access::operate, Access::admin}) {
        auto who = keys->table(model::name_of(level), R"({ users = ["monitor"], groups = ["adm"] })");
        if (!who) continue;
        model::AccessRule rule;
        rule.level = level;
        who->strings("users", rule.users, R"(["monitor"])");
        who->strings("groups", rule.groups, R"(["adm"])");
        who->finish();
        rules.push_back(std::move(rule));
    }
    keys->finish();
}

void read_limits(TableReader& top, model::DaemonSpec& daemon)
{
    auto keys = top.table("limits", "[limits] with runs = 256");
    if (!keys) return;
    keys->size("body", daemon.max_body_bytes, KiB, 64 * MiB);
    keys->number("connections", daemon.max_connections, 1, 65'536);
    keys->number("connections_per_uid", daemon.max_connections_per_uid, 1, 65'536);
    keys->duration("idle_timeout", daemon.idle_timeout, {100ms, day});
    keys->duration("request_timeout", daemon.request_timeout, {100ms, 1h});
    keys->size("stream_backlog", daemon.stream_backlog_bytes, 64 * KiB, GiB);
    keys->number("runs", daemon.max_runs, 1, 10'000);
    keys->finish();
}

void read_records(TableReader& top, model::DaemonSpec& daemon)
{
    auto keys = top.table("records", "[records] with max_count = 20000");
    if (!keys) return;
    keys->number("max_count", daemon.max_records, 1, 10'000'000);
    keys->duration("max_age", daemon.max_record_age, {0ms, 3650 * day});
    keys->size("tail", daemon.tail_bytes, 0, 16 * MiB);
    using model::Sync;
    keys->word<Sync>("sync", daemon.sync,
                     {{"never", Sync::never}, {"interval", Sync::interval}, {"always", Sync::always}});
    keys->duration("sync_interval", daemon.sync_interval, {100ms, 1h});
    keys->finish();
}

void read_sink(TableReader& keys, std::vector<model::SinkSpec>& sinks)
{
    model::SinkSpec sink;
    if (!keys.word<std::string>("kind", sink.kind, {{"stderr", "stderr"}, {"file", "file"}}) &&
        keys.find("kind") == nullptr)
        keys.complain(keys.place(), "kind", R"([[logs.sink]] needs a kind, "stderr" or "file")");
    const bool to_file = sink.kind == "file";
    if (to_file && keys.find("path") == nullptr)
        keys.complain(keys.place(), "path",
                      R"([[logs.sink]] of kind "file" needs a path, like "/var/log/ctdb/services.log")");
    keys.path("path", sink.path);
    keys.size("max_size", sink.max_bytes, 4 * KiB, 1024 * GiB);
    keys.number("keep", sink.keep, 0, 1000);
    if (sink.kind == "stderr")
        for (const char* key : {"path", "max_size", "keep"})
            if (const Entry* entry = find(keys.entries(), key))
                keys.complain(entry->place, key, quoted(key) + R"( goes with kind = "file" only)");
    const bool twice = std::any_of(sinks.begin(), sinks.end(), [&](const model::SinkSpec& other) {
        return other.kind == sink.kind && other.path == sink.path;
    });
    if (twice && !sink.kind.empty() && (!to_file || !sink.path.empty()))
        keys.complain(keys.place(), "kind",
                      to_file ? "two sinks write the file " + quoted(sink.path) : R"(two sinks are of kind "stderr")");
    keys.finish();
    sinks.push_back(std::move(sink));
}

void read_logs(TableReader& top, model::DaemonSpec& daemon)
{
    auto keys = top.table("logs", R"([logs] with memory = "4MiB")");
    if (!keys) return;
    keys->size("memory", daemon.log_memory_bytes, 64 * KiB, GiB);
    if (const Entry* entry = keys->find("sink")) {
        const auto* items = std::get_if<Array>(&entry->value.data);
        if (items == nullptr) {
            keys->must_be(*entry, R"(an array of tables: write [[logs.sink]] with two brackets and kind = "file")");
        } else {
            for (const auto& item : *items) {
                if (const auto* table = std::get_if<Table>(&item.data)) {
                    auto sink = keys->inner(*table, item.place, "sink");
                    read_sink(sink, daemon.sinks);
                } else {
                    keys->complain(item.place, "sink",
                                   R"("sink" must hold tables, like { kind = "stderr" }, not )" +
                                       std::string(kind_of(item)));
                }
            }
        }
    }
    keys->finish();
}

} // namespace

model::DaemonSpec read_daemon(const Table& document, Complaints& complaints)
{
    model::DaemonSpec daemon;
    TableReader top{document, {0, 1, 1}, "", complaints};
    top.duration("stop_budget", daemon.stop_budget, {100ms, day});
    top.word<std::string>("log_level", daemon.log_level,
                          {{"error", "error"}, {"warning", "warning"}, {"info", "info"}, {"debug", "debug"}});
    read_access(top, daemon.access);
    read_limits(top, daemon);
    read_records(top, daemon);
    read_logs(top, daemon);
    if (const Entry* entry = find(document, "service"))
        complaints.add(entry->place, "service",
                       "processd.toml configures the daemon itself; a service needs a file of its own, NAME.toml");
    top.find("service");
    top.finish();
    return daemon;
}

} // namespace processd::config
