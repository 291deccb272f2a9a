// SPDX-License-Identifier: GPL-3.0-or-later
// The orderly stop: the manager ends all services within the stop budget; then, or when it does not, the keeper makes
// sure that nothing is left and says what it had to do.
#include "helpers/base/log.h"
#include "processd/keeper/instance.h"
#include "processd/keeper/keeper.h"
#include "processd/keeper/sockets.h"

#include <algorithm>
#include <csignal>
#include <unistd.h>

namespace processd::keeper {

using namespace std::chrono_literals;

namespace {

constexpr base::Duration grace = 1s;          // past the deadline, for the manager's last word
constexpr base::Duration manager_leaves = 1s; // after its channel is closed
constexpr base::Duration term_to_kill = 1s;
constexpr base::Duration kill_patience = 3s;
constexpr base::Duration look_again = 10ms;

} // namespace

void Keeper::request_stop(bool by_signal)
{
    if (stopping_ == Stopping::asked && by_signal) return force_stop("told to stop once more");
    if (stopping_ != Stopping::no) return;
    stopping_ = Stopping::asked;
    stop_deadline_ = base::now() + stop_budget_;
    stop_unsent_ = true;
    abandon_upgrade("the daemon was told to stop");
    tell_parent(setup_.parent_notify, "STOPPING=1");
    timers_.set(Timer::stop, 0, stop_deadline_ + grace);
    if (manager_.pid > 0) return;
    if (children_.empty()) return leave();
    timers_.cancel(Timer::manager_start, 0);
    start_next_manager(); // its hello says that this is the end
}

// The manager has done its part. Whatever it left alone goes now.
void Keeper::leave()
{
    stopping_ = Stopping::leaving;
    if (const auto left = everything_left(); !left.empty())
        base::log::warning("processes are left after the orderly stop; they are killed", {{"pids", name_pids(left)}});
    poller_.remove(manager_.channel.get());
    manager_.channel.reset(); // the manager ends by itself when it sees that
    timers_.set(Timer::stop, 0, base::now() + manager_leaves);
    empty_everything();
}

void Keeper::force_stop(std::string_view why)
{
    stopping_ = Stopping::terminating;
    exit_code_ = 1;
    std::string labels;
    for (const auto& [id, child] : children_)
        if (!child.reaped) labels += (labels.empty() ? "" : ", ") + child.label;
    base::log::error("the orderly stop is cut short; SIGTERM goes to everything",
                     {{"reason", std::string(why)}, {"left", labels}, {"pids", name_pids(everything_left())}});
    if (manager_.pid > 0) ::kill(manager_.pid, SIGKILL); // not reaped, so the pid is its own
    if (setup_.cgroups.usable()) signal_all_in(setup_.cgroups.all(), SIGTERM);
    for (auto& [id, child] : children_)
        if (!child.group) signal(child, SIGTERM, protocol::Scope::leader);
    sweep_everything(SIGTERM);
    timers_.set(Timer::stop, 0, base::now() + term_to_kill);
}

void Keeper::stop_timer()
{
    switch (stopping_) {
    case Stopping::no: return;
    case Stopping::asked: return force_stop("the stop budget is spent");
    case Stopping::terminating:
        stopping_ = Stopping::killing;
        timers_.set(Timer::stop, 0, base::now() + kill_patience);
        return empty_everything();
    case Stopping::leaving:
        if (manager_.pid > 0) ::kill(manager_.pid, SIGKILL); // not reaped, so the pid is its own
        stopping_ = Stopping::killing;
        timers_.set(Timer::stop, 0, base::now() + kill_patience);
        return;
    case Stopping::killing:
        base::log::error("processes do not die of SIGKILL; they are left behind",
                         {{"pids", name_pids(everything_left())}});
        exit_code_ = 1;
        return finish();
    }
}

void Keeper::empty_everything()
{
    if (setup_.cgroups.usable()) kill_all_in(setup_.cgroups.all());
    for (auto& [id, child] : children_) signal(child, SIGKILL, protocol::Scope::leader);
    sweep_all_clean_ = false;
}

// What stands below the keeper and is not its own helper: direct children, and what is in the cgroups.
std::vector<pid_t> Keeper::everything_left() const
{
    std::vector<pid_t> pids;
    if (setup_.cgroups.usable()) pids = processes_in(setup_.cgroups.all());
    for (const auto& [pid, id] : leaders_) pids.push_back(pid);
    bool known = false;
    for (const auto pid : direct_children(&known))
        if (pid != manager_.pid && sweepers_.count(pid) == 0) pids.push_back(pid);
    std::sort(pids.begin(), pids.end());
    pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
    return pids;
}

// Each turn at the end: all that ever descended from us is below a direct child of ours, so with none left, and nobody
// in the cgroups, it is over.
void Keeper::check_everything_gone()
{
    bool known = false;
    const bool others = !strangers(&known).empty();
    const bool in_cgroups = setup_.cgroups.usable() && is_populated(setup_.cgroups.all());
    if (manager_.pid <= 0 && leaders_.empty() && !in_cgroups && !others && (known || sweep_all_clean_)) return finish();
    if ((others || !known) && !sweep_all_) sweep_everything(SIGKILL);
    if (in_cgroups) kill_all_in(setup_.cgroups.all());
    timers_.set(Timer::emptying, 0, base::now() + look_again); // only to come back here
}

void Keeper::sweep_everything(int signal)
{
    SweepTask task;
    task.keeper = setup_.baseline.pid;
    task.everything = true;
    for (const auto& [pid, id] : sweepers_) task.leave_out.push_back(pid);
    if (manager_.pid > 0) task.leave_out.push_back(manager_.pid);
    task.signal = signal;
    if (auto sweep = Sweep::start(task); sweep) {
        sweepers_[sweep->pid()] = 0;
        if (sweep_all_) poller_.remove(sweep_all_.fd());
        sweep_all_ = std::move(*sweep);
        if (poller_.add(sweep_all_.fd(), EPOLLIN, Source::sweep, 0) != 0) sweep_all_ = {};
    }
}

void Keeper::finish()
{
    finished_ = true;
    tell_parent_process(exit_code_);
    for (auto& [id, child] : children_)
        if (!child.notify_path.empty()) ::unlink(child.notify_path.c_str());
    const auto& options = setup_.options;
    ::rmdir(options.notify_dir().c_str());
    ::unlink(options.api_socket().c_str());
    for (auto& [id, child] : children_) child.group = {};
    // With somebody left the instance file stays, so that the next keeper knows whom to name.
    if (setup_.cgroups.remove_all() && everything_left().empty()) ::unlink(options.instance_file().c_str());
    base::log::info("keeper ends", {{"exit_code", exit_code_}});
}

// Those who wait for our start: the process that became a daemon, and the service manager.
void Keeper::tell_parent_process(int exit_code)
{
    if (exit_code == 0 && !finished_) tell_parent(setup_.parent_notify, "READY=1\nSTATUS=The manager serves the API");
    if (!setup_.parent_pipe) return;
    const char code = static_cast<char>(exit_code);
    [[maybe_unused]] const auto told = ::write(setup_.parent_pipe.get(), &code, 1);
    setup_.parent_pipe.reset();
}

} // namespace processd::keeper
