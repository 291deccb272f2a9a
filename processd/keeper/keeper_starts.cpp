// SPDX-License-Identifier: GPL-3.0-or-later
// From clone to exec: what a child tells through its status pipe, and what is made of one that tells nothing.
#include "helpers/base/log.h"
#include "processd/keeper/keeper.h"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace processd::keeper {

using namespace std::chrono_literals;
using protocol::Phase;
using protocol::Stage;

namespace {

constexpr base::Duration look_at_starts_after = 2ms;
constexpr base::Duration unnoticed_exec = 100ms;

} // namespace

// A little after a start, for those whose end has not come first. A short command so ends without having woken us (and
// the manager) by its exec, on whose processor we would take its time.
void Keeper::look_at_starts()
{
    const auto starts = starts_;
    for (const auto id : starts)
        if (Child* const child = find(id); child != nullptr) read_status(*child);
    starts_.clear();
    for (const auto id : starts) {
        Child* const child = find(id);
        if (child == nullptr) continue;
        if (child->status && !child->status_watched)
            child->status_watched = poller_.add(child->status.get(), EPOLLIN, Source::status, id) == 0;
        if (child->status && !child->status_watched) look_soon(*child);
        if (child->dirty || child->introduced) continue;
        child->dirty = true;
        queue_.push_back(id);
    }
}

void Keeper::look_soon(const Child& child)
{
    if (starts_.empty()) timers_.set(Timer::starts, 0, base::now() + look_at_starts_after);
    if (std::find(starts_.begin(), starts_.end(), child.id()) == starts_.end()) starts_.push_back(child.id());
}

void Keeper::look_no_more(const Child& child)
{
    if (starts_.empty()) return;
    starts_.erase(std::remove(starts_.begin(), starts_.end(), child.id()), starts_.end());
    if (starts_.empty()) timers_.cancel(Timer::starts, 0);
}

// The status pipe: a failure, or end of file, which is exec's doing, or a death before exec. The step tells which.
void Keeper::read_status(Child& child)
{
    if (!child.status) return;
    StageFailure failure{};
    const auto n = ::read(child.status.get(), &failure, sizeof failure);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (child.status_watched) poller_.remove(child.status.get());
    child.status.reset();
    if (child.state.phase != Phase::starting) return; // given up already
    if (n == sizeof failure) {
        child.state.stage = failure.stage; // Phase::failed follows with the wait status
        child.state.stage_errno = failure.error;
        child.state.attribute = failure.attribute;
    } else if (child.step && steps_.read(*child.step) == Stage::exec) {
        began_running(child);
    }
}

void Keeper::began_running(Child& child)
{
    child.state.reduced |= steps_.reduced(*child.step);
    release_step(child);
    timers_.cancel(Timer::spawn_timeout, child.id());
    child.state.phase = Phase::running;
    // We learn of exec when we get to read of it, which for a short command may be when it has ended already. Unless
    // exec was held up, the time of the clone is nearer to the truth.
    if (const auto now = base::now(); now - base::time_from_ns(child.state.started_mono_ns) > unnoticed_exec) {
        child.state.started_mono_ns = base::to_ns(now);
        child.state.started_wall_ns = base::to_ns(base::wall_now());
    }
    mark_dirty(child);
}

void Keeper::spawn_timed_out(Child& child)
{
    if (child.state.phase != Phase::starting) return;
    read_status(child); // it may have made it just now
    if (child.state.phase != Phase::starting) return;
    const auto stage = child.step ? steps_.read(*child.step) : Stage::clone;
    base::log::warning(
        "a process did not get as far as exec in time",
        {{"child", child.id()}, {"label", child.label}, {"pid", child.state.pid}, {"stage", static_cast<int>(stage)}});
    child.set(protocol::flag_stuck);
    child.set(protocol::flag_drained);
    child.state.phase = Phase::failed;
    child.state.stage = stage;
    child.state.exited_mono_ns = base::to_ns(base::now());
    child.state.exited_wall_ns = base::to_ns(base::wall_now());
    start_emptying(child);
}

} // namespace processd::keeper
