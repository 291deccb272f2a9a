// SPDX-License-Identifier: GPL-3.0-or-later
// Deaths: reaping, signals, and emptying a child's tree until the proof says that nothing is left.
#include "helpers/base/log.h"
#include "processd/keeper/child_end.h"
#include "processd/keeper/instance.h"
#include "processd/keeper/keeper.h"
#include "processd/keeper/pidfd.h"

#include <algorithm>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace processd::keeper {

using namespace std::chrono_literals;
using protocol::Emptying;
using protocol::Phase;
using protocol::Proof;
using protocol::Stage;
using protocol::Stream;

namespace {

constexpr base::Duration first_look = 1ms;
constexpr base::Duration longest_look = 100ms;
constexpr base::Duration survivors_after = 2s;
constexpr base::Duration sweep_patience = 1s;

// Names the first of them. True if they are others than before.
bool put_pids(const std::vector<pid_t>& pids, std::uint32_t& count, std::array<std::int32_t, 8>& names)
{
    std::array<std::int32_t, 8> named{};
    std::copy_n(pids.begin(), std::min(pids.size(), named.size()), named.begin());
    const auto before = std::exchange(names, named);
    return std::exchange(count, static_cast<std::uint32_t>(pids.size())) != pids.size() || before != named;
}

} // namespace

void Keeper::reap()
{
    int status = 0;
    rusage usage{};
    bool any = false;
    bool processes = false; // others than our own helpers
    pid_t pid = 0;
    // __WALL: orphans taken over may have been cloned without SIGCHLD.
    while ((pid = ::wait4(-1, &status, WNOHANG | __WALL, &usage)) > 0) {
        any = true;
        if (sweepers_.erase(pid) > 0) continue;
        processes = true;
        if (const auto leader = leaders_.find(pid); leader != leaders_.end()) {
            const auto id = leader->second;
            leaders_.erase(leader);
            if (Child* const child = find(id); child != nullptr && !has_successor(*child))
                reaped(*child, status, usage);
        } else if (pid == manager_.pid) {
            reaped_manager(status);
        } else if (pid == upgrade_.check.pid()) {
            upgrade_checked(status);
        } else {
            ++orphans_reaped_;
        }
    }
    if (any) look_again_after_reaping(processes);
}

// A tree may be gone with what was reaped: no need to wait for the timer.
void Keeper::look_again_after_reaping(bool processes)
{
    const auto ids = emptying_; // changes as trees turn out to be empty
    for (const auto id : ids) {
        Child* const child = find(id);
        if (child == nullptr) continue;
        if (child->group)
            advance_emptying(*child);
        else if (processes && !child->sweep && is_empty_for_sure(*child))
            end_emptying(*child);
    }
}

void Keeper::reaped(Child& child, int status, const rusage& usage)
{
    read_status(child);
    look_no_more(child);
    forget_next_main(child);
    child.reaped = true;
    child.pidfd.reset();
    timers_.cancel(Timer::spawn_timeout, child.id());
    auto& state = child.state;
    state.wait_status = status;
    tell_usage(state, usage);
    if (state.phase == Phase::starting) {
        state.phase = Phase::failed;
        // Without a report it was killed on its way, by us or by others: the wait status says by what.
        if (state.stage == Stage::none) state.stage = child.step ? steps_.read(*child.step) : Stage::clone;
    } else if (state.phase == Phase::running) {
        state.phase = Phase::exited;
    }
    release_step(child);
    // What is in the pipes now was said by its end: what is stamped later than that end is late.
    child.out_end.reset();
    child.err_end.reset();
    read_output(child, Stream::out, true);
    read_output(child, Stream::err, true);
    if (state.exited_mono_ns == 0) {
        state.exited_mono_ns = base::to_ns(base::now());
        state.exited_wall_ns = base::to_ns(base::wall_now());
    }
    child.set(protocol::flag_drained);
    if (child.ready) read_readiness(child);
    if (child.notify) read_notifications(child);
    if (child.group) {
        tell_memory(child);
        tree_may_have_changed(child);
        child.group.outlived = child.has(protocol::flag_populated);
    }
    if (state.emptying != Emptying::none) advance_emptying(child);
    mark_dirty(child);
    forget_if_gone(child);
}

// After the leader's end: is there somebody left in its cgroup? If so, the kernel will tell when that changes.
void Keeper::tree_may_have_changed(Child& child)
{
    if (!child.group || !child.reaped || !child.has(protocol::flag_populated)) return;
    const bool populated = is_populated(child.group);
    if (populated && !child.group_watched)
        child.group_watched = poller_.add(child.group.events.get(), EPOLLPRI, Source::cgroup, child.id()) == 0;
    if (populated) return;
    child.clear(protocol::flag_populated);
    if (child.group_watched) poller_.remove(child.group.events.get());
    child.group_watched = false;
    mark_dirty(child);
    if (child.state.emptying == Emptying::running || child.state.emptying == Emptying::survivors)
        advance_emptying(child);
    forget_if_gone(child);
}

void Keeper::signal(Child& child, int signal, protocol::Scope scope)
{
    const auto to_leader = [&] {
        if (child.reaped) return;
        // Without pidfds the pid serves as well: it cannot change hands before we have reaped it.
        if (child.pidfd ? !send_signal(child.pidfd.get(), signal) : ::kill(child.state.pid, signal) < 0)
            base::log::debug("a signal was not sent", {{"child", child.id()}, {"signal", signal}, {"errno", errno}});
    };
    switch (scope) {
    case protocol::Scope::leader: signal_next_main(child, signal); return to_leader();
    case protocol::Scope::group:
        // Only the unreaped leader keeps the group's number from being given to others. Before setsid there is no
        // group.
        if (!child.reaped && ::kill(-child.state.pid, signal) < 0) to_leader();
        return;
    case protocol::Scope::tree:
        if (child.state.phase == Phase::starting) return to_leader(); // nothing descends from it yet
        if (child.group) return signal_all_in(child.group, signal);
        if (!child.sweep && !start_sweep(child, signal)) to_leader();
        return;
    }
}

void Keeper::start_emptying(Child& child)
{
    auto& state = child.state;
    mark_dirty(child); // a repeated request is answered too
    if (state.emptying != Emptying::none) return;
    state.emptying = Emptying::running;
    forget_next_main(child);
    emptying_.insert(child.id());
    child.empty_since = base::now();
    child.empty_delay = first_look;
    if (state.pid == 0) return end_emptying(child); // there never was a process
    child.outlived = child.reaped;
    if (child.outlived && child.group && child.has(protocol::flag_populated))
        child.leftovers = processes_in(child.group);
    // Without a cgroup the sweep kills the leader, with those whose parents it can still see.
    if (child.group && !child.reaped) signal(child, SIGKILL, protocol::Scope::leader);
    advance_emptying(child);
}

// One step: is it empty? Then done. Else kill what is there and look again, soon at first. After a while those that
// will not die are named, and watched instead.
void Keeper::advance_emptying(Child& child)
{
    if (child.state.emptying != Emptying::running && child.state.emptying != Emptying::survivors) return;
    child.survivors.clear(); // closes their pidfds, which takes them out of the poller
    const auto now = base::now();
    const bool late = now - child.empty_since >= survivors_after;
    if (child.group) {
        // What was empty after the leader's end stays so: there is nobody inside to fork.
        if (child.reaped && (!child.has(protocol::flag_populated) || !is_populated(child.group)))
            return end_emptying(child);
        kill_all_in(child.group);
        child.group_killed = true;
        tree_may_have_changed(child);
        if (child.state.emptying == Emptying::done) return;
        if (late) return report_survivors(child, processes_in(child.group));
    } else {
        if (is_empty_for_sure(child)) return end_emptying(child);
        if (!child.sweep) {
            if (!start_sweep(child, SIGKILL)) {
                signal(child, SIGKILL, protocol::Scope::leader);
                timers_.set(Timer::emptying, child.id(), now + longest_look);
            }
        } else if (child.sweep.signal() != SIGKILL) {
            child.sweep_again = true;
        }
        return; // the sweep's end goes on from here
    }
    timers_.set(Timer::emptying, child.id(), now + child.empty_delay);
    child.empty_delay = std::min(child.empty_delay * 2, longest_look);
}

void Keeper::end_emptying(Child& child)
{
    timers_.cancel(Timer::emptying, child.id());
    emptying_.erase(child.id());
    child.state.emptying = Emptying::done;
    put_pids(child.leftovers, child.state.survivor_count, child.state.survivors);
    child.unread.clear();
    if (child.group) tree_may_have_changed(child);
    // With everybody gone the pipes are at their end; their last bytes belong to this state.
    read_output(child, Stream::out, true);
    read_output(child, Stream::err, true);
    mark_dirty(child);
    forget_if_gone(child);
}

void Keeper::report_survivors(Child& child, const std::vector<pid_t>& pids)
{
    auto& state = child.state;
    const auto before = std::exchange(state.emptying, Emptying::survivors);
    if (put_pids(pids, state.survivor_count, state.survivors) || before != Emptying::survivors) {
        base::log::warning("processes do not die of SIGKILL",
                           {{"child", child.id()}, {"label", child.label}, {"pids", name_pids(pids)}});
        mark_dirty(child);
    }
    bool watched = child.group_watched || !child.reaped; // by cgroup.events, or we reap it
    if (!child.group) {
        for (const auto pid : pids) {
            auto process = open_pidfd(pid);
            if (!process || poller_.add(process.get(), EPOLLIN, Source::survivor, child.id()) != 0) continue;
            watched = true;
            child.survivors.push_back(std::move(process));
        }
    }
    if (!watched) timers_.set(Timer::emptying, child.id(), base::now() + longest_look);
}

bool Keeper::start_sweep(Child& child, int signal)
{
    SweepTask task;
    task.keeper = setup_.baseline.pid;
    task.leader = child.state.pid;
    const auto other = leaders_.find(child.state.pid);
    task.session = other == leaders_.end() || other->second == child.id();
    task.mark = std::to_string(setup_.epoch) + "." + std::to_string(child.id());
    task.leave_out = known_processes(child.state.pid);
    task.unread = child.unread;
    task.signal = signal;
    auto sweep = Sweep::start(task);
    if (sweep && poller_.add(sweep->fd(), EPOLLIN, Source::sweep, child.id()) == 0) {
        sweepers_[sweep->pid()] = child.id();
        child.sweep = std::move(*sweep);
        timers_.set(Timer::sweep, child.id(), base::now() + sweep_patience);
        return true;
    }
    if (sweep) {
        sweep->give_up();
        sweepers_[sweep->pid()] = child.id();
    }
    base::log::warning("cannot look for a child's processes", {{"child", child.id()}, {"label", child.label}});
    return false;
}

// The helper has reported, or is too late.
void Keeper::end_sweep(Child& child)
{
    timers_.cancel(Timer::sweep, child.id());
    poller_.remove(child.sweep.fd());
    Sweep sweep = std::move(child.sweep);
    child.sweep = {};
    if (!sweep.finished()) {
        if (sweepers_.count(sweep.pid()) > 0) sweep.give_up(); // not reaped, so the pid is still its own
        if (sweep.looking_at() != 0) child.unread.push_back(sweep.looking_at());
    }
    if (!setup_.baseline.has_pidfd && sweep.signal() != 0) signal_children(sweep.found(), sweep.signal());
    auto& state = child.state;
    if (state.emptying != Emptying::running && state.emptying != Emptying::survivors) return forget_if_gone(child);
    if (child.sweep_again) {
        child.sweep_again = false;
        return advance_emptying(child);
    }
    if (child.outlived && child.leftovers.empty()) child.leftovers = sweep.found();
    // Nobody found counts if nobody else has come in the meantime: a tree may fork faster than it is looked at.
    const auto& seen = sweep.not_ours();
    bool known = false;
    const auto there = strangers(&known);
    const bool all_seen = std::all_of(
        there.begin(), there.end(), [&](pid_t pid) { return std::find(seen.begin(), seen.end(), pid) != seen.end(); });
    if (sweep.finished() && sweep.found().empty() && child.reaped && all_seen) {
        put_pids(there, state.stranger_count, state.strangers);
        if (!there.empty() && there != std::exchange(told_strangers_, there))
            base::log::warning("processes have lost their parents, and nobody can tell whose they are",
                               {{"child", child.id()}, {"label", child.label}, {"pids", name_pids(there)}});
        return end_emptying(child);
    }
    const auto now = base::now();
    if (now - child.empty_since >= survivors_after) {
        auto pids = sweep.found();
        if (!sweep.finished()) pids.insert(pids.end(), child.unread.begin(), child.unread.end());
        return report_survivors(child, pids);
    }
    timers_.set(Timer::emptying, child.id(), now + child.empty_delay);
    child.empty_delay = std::min(child.empty_delay * 2, longest_look);
}

// Those who stand directly below the keeper and are not this child's.
std::vector<pid_t> Keeper::known_processes(pid_t but) const
{
    std::vector<pid_t> pids;
    for (const auto& [pid, id] : leaders_)
        if (pid != but) pids.push_back(pid);
    for (const auto& [pid, id] : sweepers_) pids.push_back(pid);
    if (manager_.pid > 0) pids.push_back(manager_.pid);
    if (upgrade_.check) pids.push_back(upgrade_.check.pid());
    return pids;
}

// All that descends from a child whose leader is dead stands below an orphan that became ours, and orphans are direct
// children that nobody asked for. Without any, nothing of it is left.
std::vector<pid_t> Keeper::strangers(bool* known) const
{
    const auto ours = known_processes(0);
    auto pids = direct_children(known);
    if (!setup_.abilities.has(protocol::ability_subreaper)) *known = false; // orphans go elsewhere
    std::erase_if(pids, [&](pid_t pid) { return std::find(ours.begin(), ours.end(), pid) != ours.end(); });
    return pids;
}

bool Keeper::is_empty_for_sure(const Child& child) const
{
    bool known = false;
    return child.reaped && strangers(&known).empty() && known;
}

void Keeper::acknowledge(Child& child)
{
    if (!child.ended() || !child.has(protocol::flag_drained)) {
        base::log::debug("the manager acknowledged a child that has not ended", {{"child", child.id()}});
        return;
    }
    child.forgotten = true;
    requests_.erase(child.state.request_id);
    if (child.from_hello && manager_.hello_left > 0) --manager_.hello_left;
    child.from_hello = false;
    child.ring = {};
    child.spec.reset();
    child.cookie = {};
    forget_if_gone(child);
}

// What is acknowledged stays here, unseen, while there is a process to reap, a pipe that somebody writes to (closing it
// would kill the writer), or a cgroup in use.
bool Keeper::is_gone(const Child& child)
{
    return child.forgotten && child.reaped && !child.out && !child.err && !child.sweep &&
           child.state.emptying != Emptying::running && child.state.emptying != Emptying::survivors &&
           !(child.group && child.has(protocol::flag_populated));
}

void Keeper::forget_if_gone(Child& child)
{
    if (is_gone(child)) gone_.push_back(child.id());
}

// At the end of a turn, when nobody holds a reference to a child any more.
void Keeper::bury_the_gone()
{
    for (const auto id : std::exchange(gone_, {})) {
        Child* const child = find(id);
        if (child == nullptr || !is_gone(*child)) continue;
        if (child->group && child->group_killed)
            setup_.cgroups.discard(std::move(child->group));
        else if (child->group)
            setup_.cgroups.give_back(std::move(child->group));
        for (base::UniqueFd* const fd : {&child->ready, &child->notify}) poller_.remove(fd->get());
        if (!child->notify_path.empty()) ::unlink(child->notify_path.c_str());
        timers_.cancel(Timer::emptying, id);
        children_.erase(id);
    }
}

} // namespace processd::keeper
