// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/process_keys.h"

#include "processd/config/confinement_keys.h"

#include "processd/config/octal_key.h"
#include <algorithm>
#include <array>

namespace processd::config {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 6> our_variables{"NOTIFY_SOCKET",         "CTDB_PROCESSD_CHILD",
                                                        "CTDB_PROCESSD_SERVICE", "CTDB_PROCESSD_OUTCOME",
                                                        "CTDB_PROCESSD_CODE",    "CTDB_PROCESSD_SIGNAL"};

bool is_variable_name(std::string_view name)
{
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    return !name.empty() && letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void read_environment(TableReader& keys, std::map<std::string, std::string>& environment)
{
    auto table = keys.table("environment", R"(environment = { LANG = "C" })");
    if (!table) return;
    for (const auto& entry : table->entries()) {
        if (!is_variable_name(entry.key)) {
            table->complain(entry.place, entry.key,
                            quoted(entry.key) + " is no name of a variable: letters, digits and _, no digit first");
            continue;
        }
        if (std::find(our_variables.begin(), our_variables.end(), entry.key) != our_variables.end()) {
            table->complain(entry.place, entry.key,
                            quoted(entry.key) + " is set by ctdb-processd itself; leave it out" +
                                (entry.key == "NOTIFY_SOCKET" ? " and use [service.ready] notify = true" : ""));
            continue;
        }
        const auto* value = std::get_if<std::string>(&entry.value.data);
        const auto* number = std::get_if<std::int64_t>(&entry.value.data);
        if (number != nullptr)
            table->must_be(entry, "a string: write " + quoted(std::to_string(*number)));
        else if (value == nullptr)
            table->must_be(entry, "a string");
        else if (value->find('\0') != std::string::npos)
            table->complain(entry, quoted(entry.key) + " must not contain a NUL character");
        else
            environment[entry.key] = *value;
    }
}

std::optional<std::uint64_t> limit_from(const Value& value)
{
    if (const auto* number = std::get_if<std::int64_t>(&value.data); number != nullptr && *number >= 0)
        return static_cast<std::uint64_t>(*number);
    if (const auto* word = std::get_if<std::string>(&value.data); word != nullptr && *word == "unlimited")
        return model::unlimited;
    return std::nullopt;
}

void read_limits(TableReader& keys, std::map<std::string, model::Limits>& limits)
{
    auto table = keys.table("limits", "limits = { nofile = 1048576 }");
    if (!table) return;
    for (const auto name : model::limit_names()) {
        const Entry* entry = table->find(name);
        if (entry == nullptr) continue;
        const auto* both = std::get_if<Table>(&entry->value.data);
        const Entry* soft_entry = both != nullptr ? find(*both, "soft") : nullptr;
        const Entry* hard_entry = both != nullptr ? find(*both, "hard") : nullptr;
        if (both != nullptr && (soft_entry == nullptr || hard_entry == nullptr || both->size() != 2)) {
            table->must_be(*entry, R"(a number, "unlimited" or { soft = N, hard = M } with just these two)");
            continue;
        }
        const auto soft = limit_from(both != nullptr ? soft_entry->value : entry->value);
        const auto hard = limit_from(both != nullptr ? hard_entry->value : entry->value);
        if (!soft || !hard)
            table->complain(*entry, quoted(name) + R"( must be a number, "unlimited" or { soft = N, hard = M })");
        else if (*soft > *hard)
            table->complain(*entry, quoted(name) + " has a soft limit above its hard limit");
        else
            limits[std::string(name)] = {*soft, *hard};
    }
    table->finish();
}

void read_cpus(TableReader& keys, std::vector<std::uint32_t>& cpus)
{
    const Entry* entry = keys.find("cpus");
    if (entry == nullptr) return;
    const auto* items = std::get_if<Array>(&entry->value.data);
    if (items == nullptr || items->empty())
        return keys.complain(*entry, R"("cpus" must be an array of CPU numbers, like [0, 1]; leave it out for all)");
    std::set<std::uint32_t> found;
    for (const auto& item : *items) {
        const auto* number = std::get_if<std::int64_t>(&item.data);
        if (number == nullptr || *number < 0 || *number >= 4096)
            return keys.complain(item.place, "cpus", R"("cpus" must hold CPU numbers from 0 to 4095, like [0, 1])");
        found.insert(static_cast<std::uint32_t>(*number));
    }
    cpus.assign(found.begin(), found.end());
}

void read_as_permitted(TableReader& keys, std::set<std::string>& permitted)
{
    std::vector<std::string> names;
    if (!keys.strings("as_permitted", names, R"(["limits", "oom_score_adj"])")) return;
    const Entry& entry = *keys.find("as_permitted");
    const auto& items = std::get<Array>(entry.value.data);
    const auto& known = model::permittable_keys();
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto name = std::find(known.begin(), known.end(), names[i]);
        if (name == known.end())
            keys.complain(items[i].place, "as_permitted",
                          R"("as_permitted" holds names of )" + model::permittable_list() + ", not " +
                              quoted(names[i]) + did_you_mean(names[i], known));
        else if (keys.find(*name) == nullptr)
            keys.complain(items[i].place, "as_permitted",
                          R"("as_permitted" names )" + quoted(names[i]) + ", which is not set here");
    }
    permitted.insert(names.begin(), names.end());
}

void read_scheduling(TableReader& keys, model::ProcessSpec& process)
{
    keys.number("nice", process.nice, -20, 19);
    keys.word<std::string>(
        "io_class", process.io_class,
        {{"none", "none"}, {"realtime", "realtime"}, {"best-effort", "best-effort"}, {"idle", "idle"}});
    keys.number("io_level", process.io_level, 0, 7);
    const bool scheduler_given = keys.find("scheduler") != nullptr;
    const bool scheduler_right = keys.word<std::string>(
        "scheduler", process.scheduler,
        {{"other", "other"}, {"batch", "batch"}, {"idle", "idle"}, {"fifo", "fifo"}, {"rr", "rr"}});
    const bool real_time = process.scheduler == "fifo" || process.scheduler == "rr";
    const Entry* priority = keys.find("priority");
    if (scheduler_given && !scheduler_right) return; // one mistake, one complaint
    if (real_time && priority == nullptr) {
        const Entry* entry = keys.find("scheduler");
        keys.complain(*entry, "scheduler " + quoted(process.scheduler) + " needs a priority from 1 to 99");
    } else if (real_time) {
        keys.number("priority", process.priority, 1, 99);
    } else if (priority != nullptr) {
        keys.complain(priority->place, "priority", R"("priority" goes with scheduler = "fifo" or "rr" only)");
    }
}

} // namespace

void read_process(TableReader& keys, model::ProcessSpec& process)
{
    if (keys.find("command") == nullptr)
        keys.complain(keys.place(), "command",
                      "[" + keys.path() + R"(] needs a command, like command = ["/usr/sbin/ctdbd", "-i"])");
    keys.command("command", process.command);
    keys.text("user", process.user);
    if (std::string group; keys.text("group", group)) process.group = group;
    if (std::vector<std::string> groups; keys.strings("groups", groups, R"(["adm"])")) process.groups = groups;
    keys.path("cwd", process.cwd);
    read_octal(keys, "umask", process.umask, "022");
    read_environment(keys, process.environment);
    if (std::string file; keys.path("environment_file", file)) process.environment_file = file;
    read_scheduling(keys, process);
    read_cpus(keys, process.cpus);
    if (int score = 0; keys.number("oom_score_adj", score, -1000, 1000)) process.oom_score_adj = score;
    read_limits(keys, process.limits);
    read_confinement(keys, process);
    keys.strings("redact", process.redact, R"(["--password=*"])");
    read_as_permitted(keys, process.as_permitted);
    if (std::uint64_t bytes = 0; keys.size("ring", bytes, 128 << 10, 64 << 20))
        process.ring_bytes = static_cast<std::uint32_t>(bytes);
    keys.duration("spawn_timeout", process.spawn_timeout, {10ms, 1h});
}

} // namespace processd::config
