// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/daemon_keys.h"

#include "processd/config/octal_key.h"
#include "processd/config/table_reader.h"

namespace processd::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t KiB = 1ULL << 10U, MiB = 1ULL << 20U, GiB = 1ULL << 30U;
constexpr base::Duration day = 24h;

void read_access(TableReader& top, model::AccessSpec& access)
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
        access.rules.push_back(std::move(rule));
    }
    keys->word<Access>(
        "unmapped", access.unmapped,
        {{"none", Access::none}, {"read", Access::read}, {"operate", Access::operate}, {"admin", Access::admin}});
    keys->finish();
}

void read_api(TableReader& top, model::ApiSpec& api)
{
    auto keys = top.table("api", R"([api] with socket_mode = "0660")");
    if (!keys) return;
    read_octal(*keys, "socket_mode", api.socket_mode, "0660");
    keys->text("socket_owner", api.socket_owner);
    keys->text("socket_group", api.socket_group);
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

void read_daemon_logs(TableReader& top, model::DaemonSpec& daemon, LogPlaces& places)
{
    auto keys = top.table("logs", R"([logs] with memory = "4MiB")");
    if (!keys) return;
    keys->size("memory", daemon.log_memory_bytes, 64 * KiB, GiB);
    read_logs(*keys, false, daemon.logs, places);
}

} // namespace

model::DaemonSpec read_daemon(const Table& document, Complaints& complaints, LogPlaces& log_places)
{
    model::DaemonSpec daemon;
    TableReader top{document, {0, 1, 1}, "", complaints};
    top.duration("stop_budget", daemon.stop_budget, {100ms, day});
    top.word<std::string>("log_level", daemon.log_level,
                          {{"error", "error"}, {"warning", "warning"}, {"info", "info"}, {"debug", "debug"}});
    read_access(top, daemon.access);
    read_api(top, daemon.api);
    read_limits(top, daemon);
    read_records(top, daemon);
    read_daemon_logs(top, daemon, log_places);
    if (const Entry* entry = find(document, "service"))
        complaints.add(entry->place, "service",
                       "processd.toml configures the daemon itself; a service needs a file of its own, NAME.toml");
    top.find("service");
    for (const char* const name : {"daemon", "processd", "ctdb-processd", "main"})
        if (const Entry* entry = top.find(name))
            complaints.add(entry->place, name,
                           "the daemon's own keys stand in no table: take the line [" + std::string(name) + "] out");
    top.finish();
    return daemon;
}

} // namespace processd::config
