// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/controllers.h"

#include "helpers/base/log.h"
#include "processd/keeper/cgroup.h"
#include "processd/keeper/host.h"
#include "processd/keeper/keeper_state.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace processd::keeper {
namespace {

constexpr auto subtree_control = "/cgroup.subtree_control";

bool contains(const std::vector<std::string>& names, std::string_view name) noexcept
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

// errno, or 0.
int write_to(const std::string& path, const std::string& text)
{
    return write_small_file(path.c_str(), text) ? 0 : errno;
}

} // namespace

std::string aside_of(const std::string& group) { return group + ".daemon"; }

Controllers Controllers::open(const std::string& own, const std::string& group)
{
    Controllers controllers;
    controllers.own_ = own;
    controllers.group_ = group;
    for (const auto& line : split(read_small_file((own + "/cgroup.controllers").c_str()), '\n'))
        controllers.usable_ = split(line, ' ');
    if (controllers.usable_.empty()) {
        controllers.why_none_ = own + " has no controllers";
        return controllers;
    }
    const bool root = ::access((own + "/cgroup.type").c_str(), F_OK) < 0; // which only the root lacks
    if (!root) controllers.why_none_ = controllers.step_aside();
    if (!controllers.why_none_.empty()) {
        base::log::info("limits of cgroups have no effect here", {{"reason", controllers.why_none_}});
        controllers.usable_.clear();
    }
    if (contains(controllers.usable_, "memory")) {
        const auto why = controllers.switch_on("memory");
        if (!why.empty()) base::log::info("nobody can tell here who runs out of memory", {{"reason", why}});
    }
    return controllers;
}

// Why not; empty when it worked.
std::string Controllers::step_aside()
{
    for (const auto& pid : split(read_small_file((own_ + "/cgroup.procs").c_str()), '\n'))
        if (pid != std::to_string(::getpid())) return "other processes are in " + own_;
    const auto aside = aside_of(group_);
    remove_cgroup(aside); // of an earlier process with this pid
    if (::mkdir(aside.c_str(), 0755) < 0) return "make " + aside + ": " + std::strerror(errno);
    if (const int error = write_to(aside + "/cgroup.procs", "0"); error != 0) {
        remove_cgroup(aside);
        return "move to " + aside + ": " + std::strerror(error);
    }
    aside_ = aside;
    return {};
}

bool Controllers::is_on(std::string_view controller) const noexcept { return contains(on_, controller); }

std::string Controllers::switch_on(std::string_view controller)
{
    if (is_on(controller)) return {};
    if (!contains(usable_, controller)) return why_none_.empty() ? own_ + " does not have it" : why_none_;
    const std::string name(controller);
    for (const auto& directory : {own_, group_}) {
        const int error = write_to(directory + subtree_control, "+" + name);
        if (error == 0) continue;
        std::erase(usable_, name);
        return "switch it on in " + directory + ": " + std::strerror(error);
    }
    on_.push_back(name);
    // From here on the keeper's nice value counts among those beside it only, and its cgroup's weight instead.
    if (name == "cpu" && !aside_.empty())
        write_to(aside_ + "/cpu.weight.nice", std::to_string(::getpriority(PRIO_PROCESS, 0)));
    return {};
}

void Controllers::carry(CarriedCgroups& carried) const
{
    carried.own = own_;
    carried.aside = aside_;
    carried.why_none = why_none_;
    carried.usable = usable_;
    carried.on = on_;
}

Controllers Controllers::take_up(const CarriedCgroups& carried)
{
    Controllers controllers;
    controllers.own_ = carried.own;
    controllers.group_ = carried.path;
    controllers.aside_ = carried.aside;
    controllers.why_none_ = carried.why_none;
    controllers.usable_ = carried.usable;
    controllers.on_ = carried.on;
    return controllers;
}

void Controllers::leave()
{
    if (aside_.empty()) return;
    for (const auto& name : on_) write_to(own_ + subtree_control, "-" + name);
    if (write_to(own_ + "/cgroup.procs", "0") == 0) remove_cgroup(aside_);
    aside_.clear();
}

} // namespace processd::keeper
