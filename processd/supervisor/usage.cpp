// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/usage.h"

#include "processd/loop/work.h"
#include "processd/supervisor/proc.h"

#include <algorithm>
#include <set>

namespace processd::supervisor {
namespace {

using proc::Stat;

void add(Used& used, const Stat& process)
{
    used.cpu.tree += process.cpu;
    used.resident_bytes += process.resident_bytes;
    used.open_fds += proc::open_fds(process.pid);
    ++used.processes;
}

// The keeper's children have cgroups of one directory each below its own; what a service made of them is below that.
std::optional<Used> in_cgroup(std::int32_t pid, const std::string& cgroups)
{
    const auto directory = cgroups.substr(cgroups.rfind('/')) + '/';
    const auto path = proc::cgroup_of(pid);
    const auto at = path.find(directory);
    if (at == std::string::npos) return std::nullopt; // another process has this pid by now
    const auto name = path.substr(at + directory.size());
    const auto own = cgroups + '/' + name.substr(0, name.find('/'));
    Used used;
    used.cpu.cgroup = proc::cgroup_cpu(own);
    for (const auto member : proc::cgroup_members(own))
        if (const auto process = proc::stat_of(member)) add(used, *process);
    return used;
}

std::optional<Used> by_descent(std::int32_t pid, const std::vector<Stat>& all, std::int32_t keeper_pid)
{
    const auto leader = std::find_if(all.begin(), all.end(), [&](const Stat& p) { return p.pid == pid; });
    if (leader == all.end() || leader->parent != keeper_pid) return std::nullopt;
    std::set<std::int32_t> members{pid};
    for (bool more = true; more;) {
        more = false;
        for (const auto& process : all)
            if (process.session == pid || members.contains(process.parent))
                more = members.insert(process.pid).second || more;
    }
    Used used;
    for (const auto& process : all)
        if (members.contains(process.pid)) add(used, process);
    return used;
}

} // namespace

Usages read_usages(const std::vector<UsageOf>& wanted, const std::string& cgroups, std::int32_t keeper_pid)
{
    Usages usages;
    const auto all = cgroups.empty() ? proc::all_processes() : std::vector<Stat>{};
    for (const auto& [service, pid] : wanted)
        if (auto used = cgroups.empty() ? by_descent(pid, all, keeper_pid) : in_cgroup(pid, cgroups))
            usages[service] = *used;
    return usages;
}

Usage::Usage(loop::Loop& loop, std::string cgroups, std::int32_t keeper_pid)
    : loop_(loop), cgroups_(std::move(cgroups)), keeper_pid_(keeper_pid), timer_(loop, [this] { answer(std::nullopt); })
{
}

void Usage::read(std::vector<UsageOf> wanted, base::Duration patience, Done done)
{
    done_ = std::move(done);
    timer_.at(base::now() + patience);
    if (std::exchange(busy_, true)) return;
    const auto found = std::make_shared<Usages>();
    loop::work(
        loop_,
        [found, wanted = std::move(wanted), cgroups = cgroups_, keeper = keeper_pid_] {
            *found = read_usages(wanted, cgroups, keeper);
        },
        [found, weak = std::weak_ptr(self_)] {
            const auto self = weak.lock();
            if (!self) return;
            (*self)->busy_ = false;
            (*self)->answer(*found);
        });
}

void Usage::answer(const std::optional<Usages>& usages)
{
    timer_.cancel();
    if (const auto done = std::exchange(done_, nullptr)) done(usages);
}

} // namespace processd::supervisor
