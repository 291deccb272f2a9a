// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/process_spec.h"

#include "processd/model/json_keys.h"

#include <algorithm>
#include <array>
#include <fnmatch.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

namespace processd::model {
namespace {

using base::Errc;
using base::fail;
using nlohmann::json;

constexpr std::array<std::pair<std::string_view, int>, 16> limit_table{{
    {"as", RLIMIT_AS},
    {"core", RLIMIT_CORE},
    {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},
    {"fsize", RLIMIT_FSIZE},
    {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK},
    {"msgqueue", RLIMIT_MSGQUEUE},
    {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},
    {"nproc", RLIMIT_NPROC},
    {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},
    {"rttime", RLIMIT_RTTIME},
    {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
}};

void write_limit(JsonText& object, std::string_view key, std::uint64_t value)
{
    if (value == unlimited)
        object.put(key, "unlimited");
    else
        object.put(key, value);
}

void read_environment(JsonKeys& keys, std::map<std::string, std::string>& environment)
{
    const json* j = keys.find("environment");
    if (j == nullptr) return;
    if (!j->is_object()) return keys.complain("environment", R"(an object like {"LANG": "C"})");
    for (const auto& [name, value] : j->items()) {
        if (name.empty() || name.find_first_of(std::string("=\0", 2)) != std::string::npos || !value.is_string() ||
            value.get_ref<const std::string&>().find('\0') != std::string::npos)
            return keys.complain("environment", "names without \"=\" and string values without NUL");
        environment[name] = value.get<std::string>();
    }
}

void read_limits(JsonKeys& keys, std::map<std::string, Limits>& limits)
{
    const json* j = keys.find("limits");
    if (j == nullptr) return;
    const auto one = [](const json& value) -> std::optional<std::uint64_t> {
        if (value == "unlimited") return unlimited;
        if (value.is_number_unsigned()) return value.get<std::uint64_t>();
        return std::nullopt;
    };
    if (!j->is_object()) return keys.complain("limits", R"(an object like {"nofile": 1024})");
    for (const auto& [name, value] : j->items()) {
        if (!rlimit_number(name)) {
            std::string list;
            for (const auto known : limit_names()) list += (list.empty() ? "" : ", ") + std::string(known);
            return keys.complain("limits", "keyed by " + list);
        }
        const bool pair = value.is_object() && value.size() == 2 && value.contains("soft") && value.contains("hard");
        const auto soft = one(pair ? value["soft"] : value);
        const auto hard = one(pair ? value["hard"] : value);
        if (!soft || !hard || *soft > *hard)
            return keys.complain("limits." + name,
                                 R"(a number, "unlimited" or {"soft": N, "hard": M} with N at most M)");
        limits[name] = {*soft, *hard};
    }
}

void read_as_permitted(JsonKeys& keys, std::set<std::string>& permitted)
{
    const json* j = keys.find("as_permitted");
    if (j == nullptr) return;
    const auto& known = permittable_keys();
    const auto is_known = [&](const json& item) {
        return item.is_string() &&
               std::find(known.begin(), known.end(), item.get_ref<const std::string&>()) != known.end();
    };
    if (!j->is_array() || !std::all_of(j->begin(), j->end(), is_known))
        return keys.complain("as_permitted", "an array of " + permittable_list());
    permitted = j->get<std::set<std::string>>();
}

void read_cpus(JsonKeys& keys, std::vector<std::uint32_t>& cpus)
{
    const json* j = keys.find("cpus");
    if (j == nullptr) return;
    const bool fits = j->is_array() && std::all_of(j->begin(), j->end(), [](const json& item) {
                          return item.is_number_unsigned() && item.get<std::uint64_t>() < 4096;
                      });
    if (!fits) return keys.complain("cpus", "an array of CPU numbers below 4096, like [0, 1]");
    cpus = j->get<std::vector<std::uint32_t>>();
}

} // namespace

std::optional<int> rlimit_number(std::string_view name)
{
    for (const auto& [known, number] : limit_table)
        if (known == name) return number;
    return std::nullopt;
}

const std::vector<std::string_view>& limit_names()
{
    static const std::vector<std::string_view> names = [] {
        std::vector<std::string_view> all;
        for (const auto& entry : limit_table) all.push_back(entry.first);
        return all;
    }();
    return names;
}

std::vector<std::string> shown_command(const ProcessSpec& spec)
{
    static constexpr const char* hidden = "***";
    auto command = spec.command;
    for (const auto& pattern : spec.redact) {
        const auto wildcard = pattern.find_first_of("*?[\\");
        for (std::size_t i = 1; i < command.size(); ++i) {
            if (wildcard == std::string::npos) {
                if (spec.command[i] == pattern && i + 1 < command.size()) command[i + 1] = hidden;
            } else if (::fnmatch(pattern.c_str(), spec.command[i].c_str(), 0) == 0) {
                command[i] = pattern.substr(0, wildcard) + hidden;
            }
        }
    }
    return command;
}

const std::vector<std::string_view>& permittable_keys()
{
    static const std::vector<std::string_view> keys{"capabilities", "cgroup",        "io_class", "limits",
                                                    "nice",         "oom_score_adj", "scheduler"};
    return keys;
}

std::string permittable_list()
{
    std::string list;
    for (const auto key : permittable_keys()) list += (list.empty() ? "" : ", ") + std::string(key);
    return list;
}

std::string beyond_bounds(const ProcessSpec& spec)
{
    if (spec.capabilities && spec.capability_bounds)
        for (const auto& name : *spec.capabilities)
            if (!spec.capability_bounds->contains(name)) return name;
    return {};
}

void write(JsonText& to, const ProcessSpec& spec, Shown shown)
{
    to.object();
    to.put("command", shown == Shown::all ? spec.command : shown_command(spec));
    to.put("user", spec.user).put("group", spec.group).put("groups", spec.groups);
    to.put("cwd", spec.cwd).put("umask", spec.umask);
    to.key("environment").object();
    for (const auto& [name, value] : spec.environment) {
        to.name(name);
        if (shown == Shown::without_environment)
            to.null();
        else
            to.value(value);
    }
    to.end_object();
    to.put("environment_file", spec.environment_file).put("nice", spec.nice);
    to.put("io_class", spec.io_class).put("io_level", spec.io_level);
    to.put("scheduler", spec.scheduler).put("priority", spec.priority).put("cpus", spec.cpus);
    to.put("oom_score_adj", spec.oom_score_adj);
    to.key("limits").object();
    for (const auto& [name, limit] : spec.limits) {
        to.key(name).object();
        write_limit(to, "soft", limit.soft);
        write_limit(to, "hard", limit.hard);
        to.end_object();
    }
    to.end_object();
    to.put("capabilities", spec.capabilities).put("capability_bounds", spec.capability_bounds);
    to.put("no_new_privs", spec.no_new_privs);
    write_binds(to, spec.bind);
    to.key("cgroup");
    write(to, spec.cgroup);
    to.put("redact", spec.redact).put("as_permitted", spec.as_permitted).put("ring_bytes", spec.ring_bytes);
    to.put("spawn_timeout_ms", spec.spawn_timeout);
    to.end_object();
}

void to_json(json& j, const ProcessSpec& spec)
{
    std::string text;
    JsonText to{text};
    write(to, spec);
    j = json::parse(text);
}

base::Result<ProcessSpec> process_spec_from(const json& j, UnknownKeys unknown)
{
    if (!j.is_object()) return fail(Errc::bad_input, "a process must be a JSON object");
    if (auto known = only_known_keys(j, {"command",       "user",
                                         "group",         "groups",
                                         "cwd",           "umask",
                                         "environment",   "environment_file",
                                         "nice",          "io_class",
                                         "io_level",      "scheduler",
                                         "priority",      "cpus",
                                         "oom_score_adj", "limits",
                                         "redact",        "as_permitted",
                                         "ring_bytes",    "spawn_timeout_ms",
                                         "capabilities",  "capability_bounds",
                                         "no_new_privs",  "bind",
                                         "cgroup"},
                                     "a process");
        !known && unknown == UnknownKeys::refused)
        return tl::unexpected(known.error());
    ProcessSpec spec;
    JsonKeys keys{j};
    keys.strings("command", spec.command);
    if (spec.command.empty() || spec.command.front().empty())
        keys.complain("command", R"(an array of strings that names a program, like ["/bin/sleep", "5"])");
    keys.text("user", spec.user);
    keys.text("group", spec.group);
    if (keys.find("groups") != nullptr) keys.strings("groups", spec.groups.emplace());
    keys.text("cwd", spec.cwd);
    if (spec.user.empty() || (spec.group && spec.group->empty()))
        keys.complain(spec.user.empty() ? "user" : "group", "a name or a number");
    if (!spec.cwd.starts_with('/')) keys.complain("cwd", "an absolute path");
    keys.number("umask", spec.umask, 0, 0777);
    read_environment(keys, spec.environment);
    keys.text("environment_file", spec.environment_file);
    keys.number("nice", spec.nice, -20, 19);
    keys.word("io_class", spec.io_class, {"none", "realtime", "best-effort", "idle"});
    keys.number("io_level", spec.io_level, 0, 7);
    keys.word("scheduler", spec.scheduler, {"other", "batch", "idle", "fifo", "rr"});
    const bool real_time = spec.scheduler == "fifo" || spec.scheduler == "rr";
    keys.number("priority", spec.priority, real_time ? 1 : 0, real_time ? 99 : 0);
    if (real_time && spec.priority == 0) keys.complain("priority", "1 to 99 with scheduler " + spec.scheduler);
    read_cpus(keys, spec.cpus);
    keys.number("oom_score_adj", spec.oom_score_adj, -1000, 1000);
    read_limits(keys, spec.limits);
    read_capabilities(keys, "capabilities", spec.capabilities);
    read_capabilities(keys, "capability_bounds", spec.capability_bounds);
    if (const auto beyond = beyond_bounds(spec); !beyond.empty())
        keys.complain("capability_bounds", "a list with all of \"capabilities\"; it lacks \"" + beyond + "\"");
    keys.truth("no_new_privs", spec.no_new_privs);
    read_binds(keys, spec.bind);
    read_cgroup(keys, spec.cgroup);
    keys.strings("redact", spec.redact);
    read_as_permitted(keys, spec.as_permitted);
    keys.number("ring_bytes", spec.ring_bytes, 128 << 10, 64 << 20);
    std::int64_t spawn_timeout_ms = 10'000;
    keys.number("spawn_timeout_ms", spawn_timeout_ms, 1, 3'600'000);
    spec.spawn_timeout = std::chrono::milliseconds{spawn_timeout_ms};
    if (!keys.problem().empty()) return fail(Errc::bad_input, keys.problem());
    return spec;
}

} // namespace processd::model
