// SPDX-License-Identifier: GPL-3.0-or-later
// What a keeper knows, into a KeeperState and out of one. What is not there is made anew: the poller's list, what is
// told to a manager, and parts for the next child.
#include "helpers/base/log.h"
#include "processd/keeper/keeper.h"
#include "processd/keeper/keeper_state.h"

#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace processd::keeper {

using namespace std::chrono_literals;
using protocol::Emptying;
using protocol::Phase;

namespace {

constexpr base::Duration sweep_patience = 1s;

CarriedChild carry_child(const Child& child)
{
    CarriedChild c;
    c.state = child.state;
    c.label = child.label;
    c.cookie = child.cookie;
    c.notify_path = child.notify_path;
    c.uid = child.uid;
    c.incarnation = child.incarnation;
    c.reaped = child.reaped;
    c.pidfd = {child.pidfd.get()};
    c.spec = {child.spec.get()};
    c.ring = {child.ring.reader_fd()};
    c.out = {child.out.get()};
    c.err = {child.err.get()};
    c.status = {child.status.get()};
    c.ready = {child.ready.get()};
    c.notify = {child.notify.get()};
    if (child.step) c.step = static_cast<std::int32_t>(*child.step);
    c.group = carry(child.group);
    c.group_watched = child.group_watched;
    c.group_killed = child.group_killed;
    c.seen = child.seen;
    c.forgotten = child.forgotten;
    c.empty_since_mono_ns = base::to_ns(child.empty_since);
    c.outlived = child.outlived;
    c.sweep_again = child.sweep_again;
    c.leftovers = child.leftovers;
    c.unread = child.unread;
    c.sweep = child.sweep.carry();
    if (const auto& next = child.next_main; next.pid != 0)
        c.next_main = {next.pid, static_cast<std::int64_t>(next.started)};
    return c;
}

void take_up_child(const CarriedChild& c, Child& child)
{
    child.state = c.state;
    child.label = c.label;
    child.cookie = c.cookie;
    child.notify_path = c.notify_path;
    child.uid = c.uid;
    child.incarnation = c.incarnation;
    child.reaped = c.reaped;
    child.pidfd.reset(c.pidfd.number);
    child.spec.reset(c.spec.number);
    child.out.reset(c.out.number);
    child.err.reset(c.err.number);
    child.status.reset(c.status.number);
    child.status_watched = static_cast<bool>(child.status);
    child.ready.reset(c.ready.number);
    child.notify.reset(c.notify.number);
    if (c.step >= 0) child.step = static_cast<std::size_t>(c.step);
    child.group = take_up(c.group);
    child.group_watched = c.group_watched;
    child.group_killed = c.group_killed;
    child.seen = c.seen;
    child.forgotten = c.forgotten;
    child.empty_since = base::time_from_ns(c.empty_since_mono_ns);
    child.outlived = c.outlived;
    child.sweep_again = c.sweep_again;
    child.leftovers = c.leftovers;
    child.unread = c.unread;
    child.sweep = Sweep::take_up(c.sweep);
    if (!c.next_main.empty()) {
        child.next_main.pid = static_cast<pid_t>(c.next_main[0]);
        child.next_main.started = static_cast<std::uint64_t>(c.next_main[1]);
    }
}

} // namespace

KeeperState Keeper::carry() const
{
    KeeperState s;
    s.version = setup_.version;
    s.program = setup_.program;
    s.spec_format = protocol::spec_magic;
    s.ring_format = protocol::ring_magic;
    s.pid = setup_.baseline.pid;
    s.capabilities = effective_capabilities();
    s.epoch = setup_.epoch;
    s.upgrades = setup_.upgrades;
    s.started_mono_ns = base::to_ns(started_);
    s.started_wall_ns = base::to_ns(started_wall_);
    s.next_id = next_id_;
    s.incarnation = incarnation_;
    s.manager_status = previous_status_;
    s.short_lives = static_cast<std::uint32_t>(back_off_.short_lives());
    s.orphans_reaped = orphans_reaped_;
    s.newest_line = newest_line_;
    s.stop_budget_ns = stop_budget_.count();
    s.log_level = log_level_;
    s.reload_unsent = reload_unsent_;
    s.parent_notify = setup_.parent_notify;
    ::prctl(PR_GET_PDEATHSIG, &s.death_signal);
    s.parent = ::getppid();
    if (const auto& files = setup_.baseline.open_files) s.open_files = {files->rlim_cur, files->rlim_max};
    if (const auto& before = setup_.baseline.oom_score_adj_before) s.oom_score_adj_before = {*before};
    s.told_strangers = told_strangers_;
    s.told_missing.assign(told_missing_.begin(), told_missing_.end());
    for (const auto& [pid, child] : sweepers_)
        s.sweepers.insert(s.sweepers.end(), {static_cast<std::uint64_t>(pid), child});
    s.lock = {setup_.lock.get()};
    s.api = {setup_.api.get()};
    s.steps = {steps_.fd()};
    s.own_program = {setup_.own_file.get()};
    s.manager_program = {setup_.manager.fd.get()};
    s.cgroups = setup_.cgroups.carry();
    s.cgroup_error = setup_.abilities.error_of(protocol::ability_cgroup_v2);
    for (const auto& [id, child] : children_) {
        s.children.push_back(carry_child(child));
        if (const auto until = timers_.when(Timer::spawn_timeout, id))
            s.children.back().spawn_until_mono_ns = base::to_ns(*until);
    }
    return s;
}

base::Result<void> Keeper::take_up(const KeeperState& s)
{
    // First what may fail: nothing has an owner until all of that is done.
    std::map<protocol::ChildId, RingMemory> rings;
    std::vector<std::size_t> steps;
    for (const auto& c : s.children) {
        if (c.step >= 0) steps.push_back(static_cast<std::size_t>(c.step));
        const std::array<std::pair<CarriedFd, Source>, 6> waited{{{c.out, Source::out},
                                                                  {c.err, Source::err},
                                                                  {c.status, Source::status},
                                                                  {c.ready, Source::ready},
                                                                  {c.notify, Source::notify},
                                                                  {c.sweep.pipe, Source::sweep}}};
        for (const auto& [fd, source] : waited)
            if (const int error = fd.number < 0 ? 0 : poller_.add(fd.number, EPOLLIN, source, c.state.id); error != 0)
                return base::fail(error, "wait for a child again");
        if (const int error =
                !c.group_watched ? 0 : poller_.add(c.group.events.number, EPOLLPRI, Source::cgroup, c.state.id);
            error != 0)
            return base::fail(error, "wait for a cgroup again");
    }
    if (auto taken = steps_.take_up(s.steps.number, steps); !taken) return taken;
    for (const auto& c : s.children) {
        if (c.ring.number < 0) continue;
        auto ring = RingMemory::take_up(c.ring.number);
        if (!ring) return tl::unexpected(ring.error());
        rings.emplace(c.state.id, std::move(*ring));
    }

    setup_.lock.reset(s.lock.number);
    setup_.api.reset(s.api.number);
    setup_.cgroups = Cgroups::take_up(s.cgroups);
    started_ = base::time_from_ns(s.started_mono_ns);
    started_wall_ = base::wall_from_ns(s.started_wall_ns);
    next_id_ = s.next_id;
    incarnation_ = s.incarnation;
    previous_end_ = protocol::ManagerEnd::replaced;
    previous_status_ = s.manager_status;
    back_off_.take_up(static_cast<int>(s.short_lives));
    orphans_reaped_ = s.orphans_reaped;
    newest_line_ = s.newest_line;
    stop_budget_ = base::Duration{s.stop_budget_ns};
    set_log_level(s.log_level);
    reload_unsent_ = s.reload_unsent;
    told_strangers_ = s.told_strangers;
    told_missing_.insert(s.told_missing.begin(), s.told_missing.end());
    for (std::size_t i = 0; i + 1 < s.sweepers.size(); i += 2)
        sweepers_[static_cast<pid_t>(s.sweepers[i])] = s.sweepers[i + 1];
    ever_ready_ = true;
    tell_ready_ = true;
    taken_up_ = true;
    const auto now = base::now();
    for (const auto& c : s.children) {
        const auto id = c.state.id;
        Child& child = children_[id];
        take_up_child(c, child);
        if (const auto ring = rings.find(id); ring != rings.end()) {
            child.ring = std::move(ring->second);
            child.ring.own(c.ring.number);
        }
        if (!child.reaped) leaders_[child.state.pid] = id;
        if (child.state.phase == Phase::starting)
            timers_.set(Timer::spawn_timeout, id, base::time_from_ns(c.spawn_until_mono_ns));
        if (child.sweep) timers_.set(Timer::sweep, id, now + sweep_patience);
        if (child.state.emptying == Emptying::running || child.state.emptying == Emptying::survivors) {
            emptying_.insert(id);
            if (!child.sweep) timers_.set(Timer::emptying, id, now);
        }
    }
    for (auto& [id, child] : children_) wait_for_parents(child);
    if (s.death_signal != 0) {
        ::prctl(PR_SET_PDEATHSIG, s.death_signal);                       // which some programs lose by being executed
        if (::getppid() != s.parent) ::kill(::getpid(), s.death_signal); // blocked: it waits to be read
    }
    return {};
}

} // namespace processd::keeper
