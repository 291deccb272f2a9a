// SPDX-License-Identifier: GPL-3.0-or-later
// MAINPID=: another process in the place of the one that was started.
#include "helpers/base/log.h"
#include "processd/keeper/keeper.h"
#include "processd/keeper/main_process.h"
#include "processd/keeper/pidfd.h"
#include "processd/keeper/process.h"
#include "processd/keeper/sockets.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <sys/stat.h>
#include <sys/wait.h>

namespace processd::keeper {

using protocol::Emptying;
using protocol::Phase;

namespace {

constexpr int most_ancestors = 64; // of a process that is looked at

// Whether it is this process's own: then nobody else reaps it, and its number is its own until that is done.
bool is_child(pid_t pid)
{
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

bool descends_from(pid_t pid, pid_t ancestor)
{
    for (int i = 0; i < most_ancestors && pid > 1; ++i) {
        if (pid == ancestor) return true;
        const auto process = look_at(pid);
        if (!process) return false;
        pid = process->parent;
    }
    return false;
}

// Threads have a directory there, too.
bool is_process(pid_t pid)
{
    const auto status = read_small_file(("/proc/" + std::to_string(pid) + "/status").c_str());
    return status.find("\nTgid:\t" + std::to_string(pid) + "\n") != std::string::npos;
}

// Its effective user; nothing if there is no such process.
std::optional<uid_t> owner_of(pid_t pid)
{
    struct stat st {};
    if (::stat(("/proc/" + std::to_string(pid)).c_str(), &st) != 0) return std::nullopt;
    return st.st_uid;
}

} // namespace

void Keeper::main_named(Child& child, const Notification& said)
{
    if (child.state.phase == Phase::starting) read_status(child); // it runs, as it speaks
    const pid_t pid = *said.main_pid;
    const auto& state = child.state;
    Candidate c;
    c.pid = pid;
    c.keeper = setup_.baseline.pid;
    c.is_main = pid == state.pid;
    const auto others = known_processes(state.pid);
    c.of_others = std::find(others.begin(), others.end(), pid) != others.end();
    c.child_ended = child.reaped || state.phase != Phase::running || state.emptying != Emptying::none;
    const auto process = pid > 0 ? look_at(pid) : std::nullopt;
    c.exists = process && is_process(pid);
    c.alive = process && process->alive;
    c.in_cgroup = pid > 0 ? is_in_cgroup_of(child, pid) : std::nullopt;
    c.descends = descends_from(pid, state.pid);
    c.says_so_itself = said.pid == pid;
    c.in_power = said.pid == state.pid && pid > 0 && (said.uid == 0 || owner_of(pid) == said.uid);
    c.is_ours = pid > 0 && is_child(pid);
    c.orphans_come = setup_.abilities.has(protocol::ability_subreaper);
    const auto verdict = judge(c);
    switch (verdict.answer) {
    case MainAnswer::same: return forget_next_main(child);
    case MainAnswer::now: return become_main(child, pid);
    case MainAnswer::when_parents_end:
        forget_next_main(child);
        child.next_main.pid = pid;
        child.next_main.started = process->started;
        return wait_for_parents(child);
    case MainAnswer::refused:
        if (std::exchange(child.refused_main, pid) == pid) return; // said once
        base::log::warning("a main process that was named by MAINPID= is refused",
                           {{"child", child.id()}, {"label", child.label}, {"pid", pid}, {"reason", verdict.reason}});
        return;
    }
}

// The one before may go on: it is reaped as an orphan is, and ends with the tree. Groups and sessions of the new one
// are those that it made itself; the number of the old session may be somebody else's soon.
void Keeper::become_main(Child& child, pid_t pid)
{
    auto pidfd = setup_.baseline.has_pidfd ? open_pidfd(pid) : base::UniqueFd{};
    base::log::info("a child has another main process, which it named by MAINPID=",
                    {{"child", child.id()}, {"label", child.label}, {"from", child.state.pid}, {"to", pid}});
    leaders_.erase(child.state.pid);
    leaders_[pid] = child.id();
    child.state.pid = pid;
    child.pidfd = std::move(pidfd);
    forget_next_main(child);
    mark_dirty(child);
}

void Keeper::forget_next_main(Child& child)
{
    if (child.next_main.parent) poller_.remove(child.next_main.parent.get());
    child.next_main = {};
}

// One parent after the other, up to the main process, whose end is looked at in any case.
void Keeper::wait_for_parents(Child& child)
{
    auto& next = child.next_main;
    if (next.parent) poller_.remove(next.parent.get());
    next.parent.reset();
    for (int i = 0; i < most_ancestors && next.pid != 0; ++i) {
        const auto process = look_at(next.pid);
        if (!process || process->started != next.started) return;
        if (is_child(next.pid)) return become_main(child, next.pid);
        if (process->parent == child.state.pid || !setup_.baseline.has_pidfd) return;
        auto parent = open_pidfd(process->parent);
        const auto again = look_at(next.pid); // whose pidfd it is, if it is still the parent
        if (!parent || !again || again->parent != process->parent) continue;
        if (poller_.add(parent.get(), EPOLLIN, Source::ancestor, child.id()) == 0) next.parent = std::move(parent);
        return;
    }
}

// At the end of the main process: true if another takes its place. What was sent before that end counts.
bool Keeper::has_successor(Child& child)
{
    if (child.state.phase == Phase::starting) read_status(child);
    if (!child.notify || child.state.phase != Phase::running || child.state.emptying != Emptying::none) return false;
    const auto ended = child.state.pid;
    read_notifications(child);
    if (child.state.pid != ended) return true; // its orphan is ours by now
    const auto& next = child.next_main;
    if (next.pid == 0) return false;
    const auto process = look_at(next.pid);
    const bool there = process && process->started == next.started;
    if (!there || !is_child(next.pid)) {
        base::log::warning(
            "a main process that was named by MAINPID= does not take the place",
            {{"child", child.id()},
             {"label", child.label},
             {"pid", next.pid},
             {"reason", there ? "it has another parent, though the main process has ended" : "it has ended before"}});
        forget_next_main(child);
        return false;
    }
    become_main(child, next.pid);
    return true;
}

// Nothing is sent to a number that has changed hands.
void Keeper::signal_next_main(const Child& child, int signal)
{
    const auto& next = child.next_main;
    if (next.pid == 0 || !setup_.baseline.has_pidfd) return;
    const auto pidfd = open_pidfd(next.pid);
    const auto process = look_at(next.pid);
    if (pidfd && process && process->started == next.started) send_signal(pidfd.get(), signal);
}

} // namespace processd::keeper
