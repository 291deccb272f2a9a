// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/job_keys.h"

#include "processd/config/process_keys.h"

namespace processd::config {
namespace {

using namespace std::chrono_literals;
using model::EdgeKind;
using model::Overlap;

constexpr base::Duration day = 24h;

// What jobs and hooks have in common.
JobFile read_common(const std::string& name, TableReader& keys)
{
    JobFile file;
    auto& spec = file.spec;
    spec.name = name;
    file.place = keys.place();
    read_process(keys, spec.process);
    if (base::Duration timeout{}; keys.duration("timeout", timeout, {10ms, 30 * day})) spec.timeout = timeout;
    keys.duration("stop_timeout", spec.stop_timeout, {0ms, day});
    read_success_codes(keys, spec.success_codes);
    keys.word<Overlap>("overlap", spec.overlap,
                       {{"skip", Overlap::skip}, {"queue", Overlap::queue}, {"replace", Overlap::replace}});
    if (auto logs = keys.table("logs", "[" + keys.path() + R"(.logs] with stdout = ["jobs"])"))
        read_logs(*logs, true, spec.logs, file.logs);
    return file;
}

void read_paths(TableReader& keys, std::vector<std::string>& paths)
{
    const Entry* entry = keys.find("on_change");
    if (entry == nullptr) return;
    std::vector<const Value*> values;
    if (const auto* items = std::get_if<Array>(&entry->value.data))
        for (const auto& item : *items) values.push_back(&item);
    else
        values.push_back(&entry->value);
    for (const auto* value : values) {
        const auto* path = std::get_if<std::string>(&value->data);
        if (path == nullptr || path->size() < 2 || path->front() != '/' || path->find('\0') != std::string::npos)
            return keys.complain(value->place, "on_change",
                                 R"("on_change" must be an absolute path, like "/etc/exports", or an array of them)");
        paths.push_back(*path);
        while (paths.back().size() > 1 && paths.back().back() == '/') paths.back().pop_back();
    }
}

void read_allow(TableReader& keys, model::AccessRule& allow)
{
    auto who = keys.table("allow", R"({ users = ["backup"], groups = ["operators"] })");
    if (!who) return;
    who->strings("users", allow.users, R"(["backup"])");
    who->strings("groups", allow.groups, R"(["operators"])");
    who->finish();
}

void goes_with(TableReader& keys, std::string_view key, bool fits, std::string_view other)
{
    if (const Entry* entry = find(keys.entries(), key); entry != nullptr && !fits)
        keys.complain(entry->place, key, quoted(key) + " goes with " + std::string(other) + " only");
}

std::string all_edges()
{
    std::string all;
    for (const auto name : model::edge_names()) all += (all.empty() ? "" : ", ") + std::string(name);
    return all;
}

void read_edges(TableReader& keys, std::set<EdgeKind>& edges)
{
    const Entry* entry = keys.find("on");
    std::vector<std::string> names;
    if (entry != nullptr && std::holds_alternative<std::string>(entry->value.data)) {
        std::string name;
        if (!keys.text("on", name)) return;
        names.push_back(std::move(name));
    } else if (entry != nullptr && !keys.strings("on", names, R"(["service.failed"])")) {
        return;
    }
    if (names.empty())
        return keys.complain(entry != nullptr ? entry->place : keys.place(), "on",
                             "[" + keys.path() + R"(] needs an edge to run on, like on = "service.failed")");
    for (const auto& name : names) {
        const auto edge = model::edge_named(name);
        if (!edge)
            return keys.complain(entry->value.place, "on",
                                 R"("on" does not know )" + quoted(name) + did_you_mean(name, model::edge_names()) +
                                     "; there are " + all_edges());
        edges.insert(*edge);
    }
}

void read_names(TableReader& keys, std::string_view key, JobFile& file)
{
    std::vector<std::string> names;
    if (!keys.strings(key, names, R"(["ctdbd"])")) return;
    const auto& items = std::get<Array>(find(keys.entries(), key)->value.data);
    for (std::size_t i = 0; i < names.size(); ++i)
        file.references.push_back({std::string(key), names[i], items[i].place});
    file.spec.of.insert(names.begin(), names.end());
    if (names.empty()) keys.complain(*keys.find(key), quoted(key) + " names nothing; leave it out, or name services");
}

} // namespace

JobFile read_job(const std::string& name, TableReader& keys)
{
    auto file = read_common(name, keys);
    auto& spec = file.spec;
    keys.duration("every", spec.every, {100ms, 365 * day});
    if (base::Duration delay{}; keys.duration("start_delay", delay, {0ms, 365 * day})) spec.start_delay = delay;
    keys.number("jitter_percent", spec.jitter_percent, 0, 100);
    const bool timed = spec.every > base::Duration{};
    goes_with(keys, "start_delay", timed, "every");
    goes_with(keys, "jitter_percent", timed, "every");
    read_paths(keys, spec.on_change);
    keys.duration("settle", spec.settle, {0ms, 1h});
    goes_with(keys, "settle", !spec.on_change.empty(), "on_change");
    read_names(keys, "on_failure", file);
    if (!spec.of.empty()) spec.on = {EdgeKind::service_failed};
    keys.duration("debounce", spec.debounce, {0ms, day});
    goes_with(keys, "debounce", !spec.on.empty(), "on_failure");
    if (const Entry* entry = keys.find("on"); entry != nullptr)
        keys.complain(entry->place, "on", R"("on" is a hook's: what runs on an edge is declared with [hook])");
    read_allow(keys, spec.allow);
    keys.finish();
    return file;
}

JobFile read_hook(const std::string& name, TableReader& keys)
{
    auto file = read_common(name, keys);
    auto& spec = file.spec;
    spec.hook = true;
    if (!spec.timeout && keys.find("timeout") == nullptr) spec.timeout = 30s;
    spec.debounce = 10s;
    keys.duration("debounce", spec.debounce, {0ms, day});
    read_edges(keys, spec.on);
    read_names(keys, "of", file);
    keys.finish();
    return file;
}

} // namespace processd::config
