// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/cgroup.h"

#include "helpers/base/log.h"
#include "processd/keeper/host.h"
#include "processd/keeper/keeper_state.h"
#include "processd/keeper/pidfd.h"
#include "processd/keeper/sweep.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace processd::keeper {
namespace {

constexpr std::size_t pool_limit = 64;    // empty cgroups kept ready
constexpr std::size_t signal_batch = 256; // pidfds open at a time
constexpr int most_namesakes = 100;       // keepers with the same pid in the same cgroup

std::string read_at(int dir, const char* name)
{
    const base::UniqueFd fd{::openat(dir, name, O_RDONLY | O_CLOEXEC)};
    std::string text;
    std::array<char, 4096> buffer; // NOLINT: filled by read
    ssize_t n = 0;
    while (fd && (n = ::read(fd.get(), buffer.data(), buffer.size())) > 0)
        text.append(buffer.data(), static_cast<std::size_t>(n));
    return text;
}

// The names of directories below one.
std::vector<std::string> directories_in(int dir)
{
    std::vector<std::string> names;
    const int copy = ::openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> list{copy < 0 ? nullptr : ::fdopendir(copy), ::closedir};
    if (!list) {
        if (copy >= 0) ::close(copy);
        return names;
    }
    while (const dirent* entry = ::readdir(list.get()))
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(&entry->d_name[0]);
    return names;
}

base::UniqueFd open_directory(int at, const char* path)
{
    return base::UniqueFd{::openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
}

Cgroup open_at(int at, const std::string& name)
{
    Cgroup group;
    group.name = name;
    group.dir = open_directory(at, name.c_str());
    if (group.dir) group.events.reset(::openat(group.dir.get(), "cgroup.events", O_RDONLY | O_CLOEXEC));
    if (!group.events) group.dir.reset();
    return group;
}

void collect(int dir, std::vector<pid_t>& pids)
{
    const auto text = read_at(dir, "cgroup.procs");
    for (const char *at = text.data(), *end = at + text.size(); at < end;) {
        pid_t pid = 0;
        const auto [next, error] = std::from_chars(at, end, pid);
        if (error == std::errc{} && pid > 0) pids.push_back(pid); // 0: a process of another pid namespace
        at = next + 1;
    }
    for (const auto& name : directories_in(dir))
        if (const auto below = open_directory(dir, name.c_str()); below) collect(below.get(), pids);
}

bool remove_at(int at, const std::string& name)
{
    if (::unlinkat(at, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return true;
    const auto dir = open_directory(at, name.c_str());
    if (!dir) return false;
    for (const auto& below : directories_in(dir.get())) remove_at(dir.get(), below);
    return ::unlinkat(at, name.c_str(), AT_REMOVEDIR) == 0;
}

// Octal escapes of mountinfo: "\040" is a blank.
std::string unescape(std::string_view text)
{
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '\\' && i + 3 < text.size() &&
            std::from_chars(&text[i + 1], &text[i + 4], value, 8).ptr == &text[i + 4]) {
            plain += static_cast<char>(value);
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

// Where the keeper's own cgroup is in the file system; empty if there is none.
std::string own_cgroup()
{
    std::string own;
    for (const auto& line : split(read_small_file("/proc/self/cgroup"), '\n'))
        if (line.rfind("0::", 0) == 0) own = line.substr(3);
    if (own.empty() || own.rfind("/..", 0) == 0) return {};
    // ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [FIELDS…] - TYPE SOURCE SUPER. On hybrid hosts the v2 tree is
    // mounted below the v1 ones; in a container ROOT may be a cgroup above ours.
    std::string found;
    for (const auto& line : split(read_small_file("/proc/self/mountinfo"), '\n')) {
        const auto separator = line.find(" - ");
        if (separator == std::string::npos || line.compare(separator + 3, 8, "cgroup2 ") != 0) continue;
        const auto fields = split(line, ' ');
        if (fields.size() < 5) continue;
        auto root = unescape(fields[3]);
        if (root == "/") root.clear();
        if (own.rfind(root, 0) != 0 || (own.size() > root.size() && own[root.size()] != '/')) continue;
        found = unescape(fields[4]) + own.substr(root.size()); // a later mount covers an earlier one
    }
    while (found.size() > 1 && found.back() == '/') found.pop_back();
    return found;
}

// A keeper holds a lock on its directory, as one of another pid namespace may have the same pid and share our cgroup.
bool is_in_use(const std::string& path)
{
    const auto dir = open_directory(AT_FDCWD, path.c_str());
    return dir && ::flock(dir.get(), LOCK_EX | LOCK_NB) < 0;
}

std::string free_directory(const std::string& path)
{
    auto free = path;
    for (int i = 2; is_in_use(free) && i < most_namesakes; ++i) free = path + "-" + std::to_string(i);
    return free;
}

} // namespace

Cgroups Cgroups::open(pid_t keeper, Abilities* abilities)
{
    Cgroups groups;
    const auto own = own_cgroup();
    if (own.empty()) {
        abilities->found(protocol::ability_cgroup_v2, ENOENT);
        groups.why_not_ = "no cgroup v2 is mounted that holds this process";
        return groups;
    }
    const auto path = free_directory(own + "/ctdb-processd." + std::to_string(keeper));
    remove_cgroup(path); // of an earlier process with this pid
    if (::mkdir(path.c_str(), 0755) < 0) {
        abilities->found(protocol::ability_cgroup_v2, errno);
        groups.why_not_ = "make " + path + ": " + std::strerror(errno);
        return groups;
    }
    groups.path_ = path;
    groups.all_ = open_at(AT_FDCWD, path);
    if (groups.all_) ::flock(groups.all_.dir.get(), LOCK_EX | LOCK_NB);
    // Making one child's cgroup shows whether that works (it does not at the limits of depth or number).
    auto first = groups.usable() ? groups.take() : base::fail(errno, "open " + path);
    if (!first || ::faccessat(first->dir.get(), "cgroup.procs", W_OK, AT_EACCESS) < 0) {
        abilities->found(protocol::ability_cgroup_v2, first ? errno : first.error().code.value());
        groups.why_not_ = first ? "cgroup.procs of " + path + " is not writable" : first.error().message();
        if (first) groups.discard(std::move(*first));
        groups.all_ = {};
        remove_cgroup(path);
        groups.path_.clear();
        return groups;
    }
    abilities->found(protocol::ability_cgroup_v2, 0);
    const bool kills = ::faccessat(first->dir.get(), "cgroup.kill", W_OK, AT_EACCESS) == 0;
    abilities->found(protocol::ability_cgroup_kill, kills ? 0 : errno);
    groups.controllers_ = Controllers::open(own, groups.path_);
    groups.give_back(std::move(*first));
    return groups;
}

base::Result<Cgroup> Cgroups::take()
{
    if (!pool_.empty()) {
        auto group = std::move(pool_.back());
        pool_.pop_back();
        count_memory(group); // that of the probe is older than the controller
        return group;
    }
    return make();
}

void Cgroups::count_memory(Cgroup& group) const
{
    if (controllers_.is_on("memory") && !group.memory)
        group.memory.reset(::openat(group.dir.get(), "memory.events", O_RDONLY | O_CLOEXEC));
}

base::Result<Cgroup> Cgroups::make()
{
    const auto name = "c" + std::to_string(++made_);
    const auto path = path_ + "/" + name;
    if (::mkdirat(all_.dir.get(), name.c_str(), 0755) < 0) return base::fail(errno, "make " + path);
    auto group = open_at(all_.dir.get(), name);
    if (group) {
        count_memory(group);
        return group;
    }
    const int error = errno;
    remove_at(all_.dir.get(), name);
    return base::fail(error, "open " + path);
}

Limited Cgroups::limit(Cgroup& group, const std::vector<protocol::CgroupSetting>& settings)
{
    Limited result;
    group.worn = true;
    for (std::size_t i = 0; i < settings.size(); ++i) {
        const auto& [file, value] = settings[i];
        if (auto why = controllers_.switch_on(std::string_view(file).substr(0, file.find('.'))); !why.empty()) {
            result.missing.push_back({file, std::move(why)});
            continue;
        }
        const base::UniqueFd fd{::openat(group.dir.get(), file.c_str(), O_WRONLY | O_CLOEXEC)};
        if (!fd && errno == ENOENT) {
            result.missing.push_back({file, "the kernel has no such file"});
        } else if (!fd || ::write(fd.get(), value.data(), value.size()) < 0) {
            result.error = errno;
            result.refused = i;
            return result;
        }
    }
    return result;
}

void Cgroups::give_back(Cgroup group)
{
    if (const auto events = group.outlived ? memory_events(group) : std::nullopt; events)
        group.worn = group.worn || events->killed || events->limit;
    group.outlived = false;
    if (!group.worn && pool_.size() < pool_limit)
        pool_.push_back(std::move(group));
    else
        discard(std::move(group));
}

void Cgroups::discard(Cgroup group)
{
    if (group && all_) remove_at(all_.dir.get(), group.name);
}

bool Cgroups::remove_all()
{
    pool_.clear();
    if (usable() && !remove_cgroup(path_)) return false;
    controllers_.leave();
    return true;
}

bool is_populated(const Cgroup& group) noexcept
{
    std::array<char, 256> text{};
    const auto n = ::pread(group.events.get(), text.data(), text.size() - 1, 0);
    return n <= 0 || std::strstr(text.data(), "populated 0") == nullptr;
}

std::optional<MemoryEvents> memory_events(const Cgroup& group) noexcept
{
    std::array<char, 512> text{};
    const auto n = ::pread(group.memory.get(), text.data() + 1, text.size() - 2, 0);
    if (n <= 0) return std::nullopt;
    text[0] = '\n';
    const auto counted = [&](const char* name) {
        const char* const at = std::strstr(text.data(), name);
        return at != nullptr && std::strncmp(at + std::strlen(name), "0\n", 2) != 0;
    };
    return MemoryEvents{counted("\noom_kill "), counted("\noom ")};
}

std::vector<pid_t> processes_in(const Cgroup& group)
{
    std::vector<pid_t> pids;
    if (group) collect(group.dir.get(), pids);
    return pids;
}

void kill_all_in(const Cgroup& group) noexcept
{
    const base::UniqueFd fd{::openat(group.dir.get(), "cgroup.kill", O_WRONLY | O_CLOEXEC)};
    if (fd && ::write(fd.get(), "1", 1) == 1) return;
    signal_all_in(group, SIGKILL); // Linux before 5.14
}

void signal_all_in(const Cgroup& group, int signal)
{
    const auto pids = processes_in(group);
    std::vector<pid_t> not_sent;
    for (std::size_t from = 0; from < pids.size(); from += signal_batch) {
        std::vector<std::pair<pid_t, base::UniqueFd>> batch;
        for (auto at = from; at < std::min(pids.size(), from + signal_batch); ++at)
            batch.emplace_back(pids[at], open_pidfd(pids[at]));
        // A pid was read before its pidfd was opened, so it may have changed hands in between: look again.
        auto still = processes_in(group);
        std::sort(still.begin(), still.end());
        for (const auto& [pid, process] : batch)
            if (std::binary_search(still.begin(), still.end(), pid) && !(process && send_signal(process.get(), signal)))
                not_sent.push_back(pid);
    }
    if (!not_sent.empty()) signal_children(not_sent, signal);
}

Cgroup open_cgroup(const std::string& path) { return path.empty() ? Cgroup{} : open_at(AT_FDCWD, path); }

bool remove_cgroup(const std::string& path) { return remove_at(AT_FDCWD, path); }

} // namespace processd::keeper
