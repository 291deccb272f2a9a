// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/spawn_request.h"

#include "processd/protocol/message.h"

#include <array>
#include <charconv>
#include <sched.h>

namespace processd::supervisor {
namespace {

constexpr const char* default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::optional<std::uint32_t> number(std::string_view text)
{
    std::uint32_t value = 0;
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return value;
}

int scheduler_number(std::string_view name)
{
    if (name == "batch") return SCHED_BATCH;
    if (name == "idle") return SCHED_IDLE;
    if (name == "fifo") return SCHED_FIFO;
    if (name == "rr") return SCHED_RR;
    return SCHED_OTHER;
}

int io_class_number(std::string_view name)
{
    if (name == "realtime") return 1;
    if (name == "best-effort") return 2;
    if (name == "idle") return 3;
    return 0;
}

bool asks_for_root(const model::ProcessSpec& process) { return process.user == "root" || process.user == "0"; }

constexpr std::array<std::pair<std::string_view, protocol::Attribute>, 8> attributes{{
    {"capabilities", protocol::Attribute::capabilities},
    {"cgroup", protocol::Attribute::cgroup},
    {"cpus", protocol::Attribute::cpus},
    {"io_class", protocol::Attribute::io_class},
    {"limits", protocol::Attribute::limits},
    {"nice", protocol::Attribute::nice},
    {"oom_score_adj", protocol::Attribute::oom_score_adj},
    {"scheduler", protocol::Attribute::scheduler},
}};

} // namespace

std::optional<Prepared> prepared_without_asking(const model::ProcessSpec& process, bool makes_directory,
                                                const Prepared& self)
{
    const bool own_groups = !process.group && (!process.groups || process.groups->empty());
    if (!asks_for_root(process) || !own_groups || process.environment_file || makes_directory) return std::nullopt;
    return self;
}

std::vector<std::string> prepare_command(const std::string& program, const model::ProcessSpec& process,
                                         const std::optional<std::string>& runtime_directory, const Prepared& self)
{
    const bool as_self = self.uid != 0 && asks_for_root(process);
    std::vector<std::string> command{program, "--user", as_self ? std::to_string(self.uid) : process.user};
    const auto option = [&](const char* name, const std::string& value) {
        command.emplace_back(name);
        command.push_back(value);
    };
    if (process.group) option("--group", *process.group);
    if (process.groups) {
        std::string list;
        for (const auto& group : *process.groups) list += (list.empty() ? "" : ",") + group;
        option("--groups", list);
    }
    if (process.environment_file) option("--environment-file", *process.environment_file);
    if (runtime_directory) option("--runtime-directory", *runtime_directory);
    return command;
}

base::Result<Prepared> parse_prepared(std::string_view output)
{
    Prepared prepared;
    prepared.groups.clear();
    bool have_uid = false;
    bool have_gid = false;
    while (!output.empty()) {
        const auto end = output.find('\n');
        const auto line = output.substr(0, end);
        output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
        const auto blank = line.find(' ');
        const auto key = line.substr(0, blank);
        const auto value = blank == std::string_view::npos ? std::string_view{} : line.substr(blank + 1);
        if (key == "uid" || key == "gid") {
            const auto id = number(value);
            if (!id) return base::fail(base::Errc::corrupt, "processd-prepare said \"" + std::string(line) + "\"");
            (key == "uid" ? prepared.uid : prepared.gid) = *id;
            (key == "uid" ? have_uid : have_gid) = true;
        } else if (key == "groups") {
            for (auto rest = value; !rest.empty();) {
                const auto comma = rest.find(',');
                if (const auto id = number(rest.substr(0, comma))) prepared.groups.push_back(*id);
                rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
            }
        } else if (key == "user") {
            prepared.user = value;
        } else if (key == "home") {
            prepared.home = value;
        } else if (key == "shell") {
            prepared.shell = value;
        } else if (key == "env") {
            const auto equals = value.find('=');
            if (equals != std::string_view::npos)
                prepared.environment[std::string(value.substr(0, equals))] = value.substr(equals + 1);
        }
    }
    if (!have_uid || !have_gid)
        return base::fail(base::Errc::corrupt, "processd-prepare ended before it had said everything");
    return prepared;
}

Prepared with_own_groups(Prepared prepared, const model::ProcessSpec& process, const Prepared& self)
{
    if (self.uid == 0 || prepared.uid != self.uid) return prepared;
    if (!process.group) prepared.gid = self.gid;
    if (!process.groups) prepared.groups = self.groups;
    return prepared;
}

protocol::SpawnSpec spawn_spec(const model::ProcessSpec& process, const Prepared& prepared, std::string label,
                               std::string note)
{
    std::map<std::string, std::string> environment{{"PATH", default_path},  {"LANG", "C.UTF-8"},
                                                   {"USER", prepared.user}, {"LOGNAME", prepared.user},
                                                   {"HOME", prepared.home}, {"SHELL", prepared.shell}};
    for (const auto& [name, value] : prepared.environment) environment[name] = value;
    for (const auto& [name, value] : process.environment) environment[name] = value;

    protocol::SpawnSpec spec;
    spec.note = std::move(note);
    spec.label = std::move(label);
    spec.argv = process.command;
    for (const auto& [name, value] : environment) spec.env.push_back(name + "=" + value);
    spec.cwd = process.cwd;
    spec.uid = prepared.uid;
    spec.gid = prepared.gid;
    spec.groups = prepared.groups;
    spec.umask = process.umask;
    spec.nice = process.nice;
    spec.io_class = io_class_number(process.io_class);
    spec.io_level = process.io_level;
    spec.scheduler = scheduler_number(process.scheduler);
    spec.priority = process.priority;
    spec.cpus = process.cpus;
    spec.oom_score_adj = process.oom_score_adj;
    for (const auto& [name, limit] : process.limits)
        if (const auto resource = model::rlimit_number(name))
            spec.limits.push_back({static_cast<std::uint32_t>(*resource), limit.soft, limit.hard});
    for (const auto& [name, attribute] : attributes)
        if (process.as_permitted.contains(std::string(name))) spec.as_permitted |= bit(attribute);
    if (const auto& bounds = process.capability_bounds ? process.capability_bounds : process.capabilities)
        spec.capability_bounds = model::capability_bits(*bounds);
    if (process.capabilities) spec.capabilities = model::capability_bits(*process.capabilities);
    spec.no_new_privs = process.no_new_privs;
    for (const auto& bind : process.bind) spec.binds.push_back({bind.source, bind.target, bind.read_only});
    for (auto& [file, value] : model::cgroup_files(process.cgroup))
        spec.cgroup.push_back({std::move(file), std::move(value)});
    spec.ring_bytes = process.ring_bytes;
    spec.spawn_timeout_ms = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(process.spawn_timeout).count());
    return spec;
}

std::vector<std::string> attribute_names(std::uint32_t bits)
{
    std::vector<std::string> names;
    for (const auto& [name, attribute] : attributes)
        if ((bits & bit(attribute)) != 0) names.emplace_back(name);
    return names;
}

std::string attribute_name(std::uint32_t attribute, const model::ProcessSpec& process)
{
    using protocol::Attribute;
    const auto kind = static_cast<Attribute>(attribute & ((1U << protocol::attribute_bits) - 1));
    const auto which = attribute >> protocol::attribute_bits;
    if (kind == Attribute::limits)
        for (const auto name : model::limit_names())
            if (static_cast<std::uint32_t>(*model::rlimit_number(name)) == which) return std::string(name);
    if (kind == Attribute::capabilities && which < model::capability_names().size())
        return std::string(model::capability_names()[which]);
    if ((kind == Attribute::bind_source || kind == Attribute::bind_target) && which < process.bind.size())
        return kind == Attribute::bind_source ? process.bind[which].source : process.bind[which].target;
    if (const auto files = model::cgroup_files(process.cgroup); kind == Attribute::cgroup && which < files.size())
        return files[which].first;
    for (const auto& [name, known] : attributes)
        if (known == kind) return std::string(name);
    return {};
}

std::string stage_name(std::uint32_t stage, bool stuck)
{
    static constexpr std::array<std::string_view, 19> names{
        "none",   "request",      "clone",        "mask",   "session", "fds", "cgroup",
        "limits", "scheduler",    "umask",        "mounts", "groups",  "gid", "bounds",
        "uid",    "capabilities", "no_new_privs", "chdir",  "exec"};
    static_assert(names.size() == static_cast<std::size_t>(protocol::Stage::exec) + 1);
    const std::string name(stage < names.size() ? names[stage] : "spawn");
    return stuck ? "stuck:" + name : name;
}

} // namespace processd::supervisor
