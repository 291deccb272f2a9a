// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/service_keys.h"

#include "processd/config/check_keys.h"
#include "processd/config/probe_keys.h"
#include "processd/config/process_keys.h"
#include "processd/config/signal_key.h"
#include "processd/config/table_reader.h"
#include "processd/model/outcome.h"

#include <algorithm>
#include <array>
#include <csignal>

namespace processd::config {
namespace {

using namespace std::chrono_literals;
using model::ReadyKind;

constexpr base::Duration day = 24h;
constexpr std::array<std::string_view, 8> ready_keys{"command", "tcp", "unix", "http", "rpc", "notify", "fd", "output"};

void read_ready(TableReader& service, model::ReadySpec& ready)
{
    auto keys = service.table("ready", R"([service.ready] with command = ["/usr/bin/ctdb", "ping"])");
    if (!keys) return;
    keys->duration("timeout", ready.timeout, {0ms, day});
    keys->duration("every", ready.every, {10ms, 1h});
    keys->duration("reply_timeout", ready.reply_timeout, {10ms, 1h});
    const auto ways = ways_of(*keys, ready_keys);
    if (ways.empty()) {
        keys->complain(keys->place(), "",
                       "[service.ready] needs one of command = [...], tcp = \"ADDRESS:PORT\", unix = \"/PATH\", "
                       "http = \"URL\", rpc = { ... }, notify = true, fd = 3, output = \"text\"");
    } else if (ways.size() > 1) {
        keys->complain(ways[1]->place, ways[1]->key,
                       "[service.ready] has both " + quoted(ways[0]->key) + " and " + quoted(ways[1]->key) +
                           "; a service is ready in one way");
    } else if (ways[0]->key == "notify") {
        bool notify = true;
        keys->boolean("notify", notify);
        ready.kind = notify ? ReadyKind::notify : ReadyKind::none;
    } else if (ways[0]->key == "fd") {
        ready.kind = ReadyKind::fd;
        keys->number("fd", ready.fd, 3, 255);
    } else if (ways[0]->key == "output") {
        ready.kind = ReadyKind::output;
        keys->text("output", ready.pattern);
    } else {
        ready.kind = ReadyKind::probe;
        read_probe(*keys, ways[0]->key, ready.probe);
    }
    if (ways.size() == 1 && !is_probe_key(ways[0]->key))
        for (const char* key : {"every", "reply_timeout"})
            if (const Entry* entry = find(keys->entries(), key);
                entry != nullptr && entry->place.file >= ways[0]->place.file)
                keys->complain(entry->place, key, quoted(key) + " goes with command, tcp, unix, http and rpc only");
    keys->finish();
}

void read_restart(TableReader& service, model::RestartSpec& restart)
{
    auto keys = service.table("restart", R"([service.restart] with policy = "on-failure")");
    if (!keys) return;
    using model::RestartPolicy;
    keys->word<RestartPolicy>("policy", restart.policy,
                              {{"always", RestartPolicy::always},
                               {"on-failure", RestartPolicy::on_failure},
                               {"never", RestartPolicy::never}});
    keys->duration("delay", restart.delay, {0ms, day});
    const bool capped = keys->duration("max_delay", restart.max_delay, {0ms, day});
    if (restart.max_delay < restart.delay) {
        if (capped)
            keys->complain(*keys->find("max_delay"), R"("max_delay" must not be shorter than "delay")");
        else
            restart.max_delay = restart.delay;
    }
    keys->number("jitter_percent", restart.jitter_percent, 0, 100);
    keys->duration("reset_after", restart.reset_after, {0ms, 30 * day});
    keys->number("burst", restart.burst, 0, 100'000);
    keys->duration("burst_window", restart.burst_window, {1ms, 30 * day});
    read_success_codes(*keys, restart.success_codes);
    keys->finish();
}

void read_stop(TableReader& service, model::StopSpec& stop)
{
    auto keys = service.table("stop", R"([service.stop] with timeout = "60s")");
    if (!keys) return;
    keys->command("command", stop.command);
    read_signal(*keys, stop.signal);
    keys->duration("timeout", stop.timeout, {0ms, day});
    keys->finish();
}

// It is removed with all it holds after each stop, so nothing that others live in may be named.
void read_runtime_directory(TableReader& keys, ServiceFile& file)
{
    std::string path;
    if (!keys.path("runtime_directory", path)) return;
    const Entry& entry = *keys.find("runtime_directory");
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    const bool crooked = (path + "/").find("/../") != std::string::npos ||
                         (path + "/").find("/./") != std::string::npos || path.find("//") != std::string::npos;
    if (crooked || std::count(path.begin(), path.end(), '/') < 2)
        return keys.complain(entry,
                             R"("runtime_directory" is removed after each stop, so it must be a plain path below )"
                             R"(another directory, like "/run/ctdb", not )" +
                                 quoted(path));
    file.spec.runtime_directory = path;
    file.runtime_directory_place = entry.value.place;
}

void read_references(TableReader& keys, std::string_view key, std::vector<std::string>& names, ServiceFile& file)
{
    if (!keys.strings(key, names, R"(["network"])")) return;
    const auto& items = std::get<Array>(find(keys.entries(), key)->value.data);
    for (std::size_t i = 0; i < names.size(); ++i)
        file.references.push_back({std::string(key), names[i], items[i].place});
}

void read_groups(TableReader& keys, std::vector<std::string>& groups)
{
    if (!keys.strings("service_groups", groups, R"(["nfs"])")) return;
    const auto& items = std::get<Array>(find(keys.entries(), "service_groups")->value.data);
    for (std::size_t i = 0; i < groups.size(); ++i)
        if (!is_group_name(groups[i]))
            keys.complain(items[i].place, "service_groups",
                          R"("service_groups" holds names of a-z, 0-9, "_", "." and "-" that begin with a letter or )"
                          R"(digit, at most 64 of them, like "nfs", not )" +
                              quoted(groups[i]));
}

} // namespace

void read_success_codes(TableReader& keys, std::set<int>& codes)
{
    const Entry* entry = keys.find("success_codes");
    if (entry == nullptr) return;
    const auto* items = std::get_if<Array>(&entry->value.data);
    if (items == nullptr) return keys.must_be(*entry, "an array of exit codes, like [0, 75]");
    codes.clear();
    for (const auto& item : *items) {
        const auto* number = std::get_if<std::int64_t>(&item.data);
        if (number == nullptr || *number < 0 || *number > 255)
            return keys.complain(item.place, "success_codes",
                                 R"("success_codes" must hold exit codes from 0 to 255, like [0, 75])");
        codes.insert(static_cast<int>(*number));
    }
}

bool is_service_name(std::string_view name)
{
    const auto first = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return !name.empty() && name.size() <= 64 && first(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return first(c) || c == '_' || c == '.' || c == '@' || c == '-'; }) &&
           name != "processd";
}

bool is_group_name(std::string_view name) { return is_service_name(name) && name.find('@') == std::string_view::npos; }

ServiceFile read_service(const std::string& name, TableReader& keys)
{
    ServiceFile file;
    file.spec.name = name;
    file.place = keys.place();
    read_process(keys, file.spec.process);
    keys.word<bool>("start", file.spec.auto_start, {{"auto", true}, {"manual", false}});
    read_references(keys, "after", file.spec.after, file);
    read_references(keys, "requires", file.spec.requires_, file);
    read_references(keys, "binds_to", file.spec.binds_to, file);
    read_groups(keys, file.spec.groups);
    read_runtime_directory(keys, file);
    keys.commands("pre_start", file.spec.pre_start);
    keys.commands("post_stop", file.spec.post_stop);
    keys.duration("hook_timeout", file.spec.hook_timeout, {10ms, day});
    keys.duration("watchdog", file.spec.watchdog, {0ms, day});
    read_ready(keys, file.spec.ready);
    if (file.spec.watchdog > base::Duration{} && file.spec.ready.kind != ReadyKind::notify)
        keys.complain(*keys.find("watchdog"),
                      R"("watchdog" goes with a service that notifies: notify = true in [service.ready])");
    read_checks(keys, file.spec.checks, file.jobs);
    read_restart(keys, file.spec.restart);
    read_stop(keys, file.spec.stop);
    if (auto logs = keys.table("logs", R"([service.logs] with stdout = ["services"])"))
        read_logs(*logs, true, file.spec.logs, file.logs);
    keys.finish();
    return file;
}

} // namespace processd::config
