// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of a run: the keeper's states are inputs of its machine, whose actions are carried out here.
#include "helpers/base/log.h"
#include "processd/loop/keeper_client.h"
#include "processd/model/start_failure.h"
#include "processd/supervisor/journal.h"
#include "processd/supervisor/runs_impl.h"

#include <algorithm>

namespace processd::supervisor {

namespace run = model::run;

namespace {

constexpr base::Duration late_output_patience = std::chrono::seconds{1}; // after the end, for the rest in the pipes

} // namespace

void Runs::Impl::update(LiveRun& live)
{
    using protocol::Phase;
    const auto& state = live.told;
    const auto number = live.record.number;
    const auto gone = [&] { return table.numbered(number) == nullptr; };
    if (live.committed) return;
    const auto pid_before = live.record.pid;
    update_record(live.record, state);
    if (std::exchange(live.empty_wanted, false)) perform(live, run::EmptyTree{});
    if (!live.told_spawned && (state.phase == Phase::running || state.phase == Phase::exited)) {
        live.told_spawned = true;
        if (live.record.kind == model::RunKind::service && !live.record.reduced.empty()) {
            std::string list;
            for (const auto& key : live.record.reduced) list += (list.empty() ? "" : ", ") + key;
            base::log::warning("a service runs with less than it asks for, as it may",
                               {{"service", live.record.name}, {"not_permitted", list}});
        }
        feed(live, run::Spawned{}, base::time_from_ns(state.started_mono_ns));
        if (gone()) return;
    }
    read_output(live);
    if (gone()) return;
    if (((state.flags & protocol::flag_ready) != 0 || live.ready_line) && !std::exchange(live.told_ready, true))
        owner.on_ready.tell(live.record.id);
    if (gone()) return;
    auto notified = notified_in(state);
    notified.watchdog = {};
    if (const auto before = std::exchange(live.notified, notified); before != notified) {
        if (before.extend_until != notified.extend_until) feed(live, run::Extended{notified.extend_until}, base::now());
        owner.on_notified.tell(live.record.id);
    } else if (live.told_spawned && pid_before != 0 && pid_before != live.record.pid) { // MAINPID=
        owner.on_notified.tell(live.record.id);
    }
    if (gone()) return;
    if (!live.told_exit && state.phase == Phase::failed) {
        live.told_exit = true;
        // One that is stuck has to be killed first, and may not let itself be.
        const bool survives = (state.flags & protocol::flag_stuck) != 0 && state.emptying != protocol::Emptying::done;
        const auto failure = spawn_failure(live.record.process, state);
        if (live.record.reason.empty()) live.record.reason = model::start_failure(live.record.process, failure);
        feed(live, run::SpawnFailed{failure, survives}, base::now());
    } else if (!live.told_exit && state.phase == Phase::exited && (state.flags & protocol::flag_drained) != 0) {
        live.told_exit = true;
        const bool empty = live.record.proof.has_value();
        run::Exited exited{state.wait_status, std::nullopt, empty, std::nullopt};
        if ((state.flags & protocol::flag_oom_known) != 0) exited.oom = (state.flags & protocol::flag_oom) != 0;
        if ((state.flags & protocol::flag_oom_limit) != 0) exited.oom_limit = live.record.process.cgroup.memory_max;
        feed(live, exited, base::now());
    }
    if (gone()) return;
    if (state.emptying == protocol::Emptying::done && live.told_exit) feed(live, run::Emptied{}, base::now());
    if (gone()) return;
    if (state.emptying == protocol::Emptying::survivors) {
        feed(live, run::Survived{}, base::now());
        if (gone()) return;
        owner.on_change.tell(live.record, Moment::stopping);
    }
    if (!gone()) close_if_drained(live);
}

void Runs::Impl::feed(LiveRun& live, const run::Input& input, base::Time now)
{
    const auto before = run::name_of(live.state);
    auto step = run::step(live.policy, live.state, input, now);
    live.state = std::move(step.next);
    arm(live);
    const auto after = run::name_of(live.state);
    if (after != "ended") {
        show_state(live);
        if (before != after) owner.on_change.tell(live.record, after == "running" ? Moment::started : Moment::stopping);
    }
    const auto number = live.record.number;
    for (const auto& action : step.actions) {
        if (table.numbered(number) == nullptr) return; // closed by what it told
        perform(live, action);
    }
}

void Runs::Impl::arm(LiveRun& live)
{
    const auto deadline = run::deadline(live.state);
    if (!deadline) {
        if (live.timer) live.timer->cancel();
        return;
    }
    const auto number = live.record.number;
    live.timer = std::make_unique<loop::Timer>(loop, [this, number] {
        if (LiveRun* const found = table.numbered(number)) feed(*found, run::Tick{}, base::now());
    });
    live.timer->at(*deadline);
}

void Runs::Impl::perform(LiveRun& live, const run::Action& action)
{
    if (const auto* send = std::get_if<run::SendSignal>(&action)) {
        std::string mark; // goes with the signal: another manager neither sends it again nor forgets why it was sent
        if (const auto* stopping = std::get_if<run::Stopping>(&live.state)) {
            if (live.record.reason.empty() && stopping->why == model::OutcomeKind::timed_out)
                live.record.reason = "it outlived its timeout";
            mark = cookie_of({stopping->why, stopping->kill_at, live.record.reason});
        }
        keeper.signal(live.child, send->signal, send->tree ? protocol::Scope::tree : protocol::Scope::leader, mark);
    } else if (std::holds_alternative<run::EmptyTree>(action)) {
        if (live.child == 0) {
            live.empty_wanted = true;
            return;
        }
        if (const auto* starting = std::get_if<run::Starting>(&live.state); starting && starting->stop)
            keeper.cookie(live.child, cookie_of({*starting->stop, base::now(), live.record.reason}));
        keeper.empty(live.child);
    } else if (std::holds_alternative<run::TellEnd>(action)) {
        tell_end(live);
    } else {
        live.closing = true;
        close_if_drained(live);
    }
}

void Runs::Impl::tell_end(LiveRun& live)
{
    auto& record = live.record;
    record.outcome = *run::outcome(live.state);
    record.state = model::RunState::ended;
    if (record.ended == base::WallTime{}) record.ended = base::wall_now();
    if (record.kind == model::RunKind::adhoc) --adhoc_active;
    take_output(live);
    if (record.kind == model::RunKind::lookup) lookup_ended(live);
    owner.on_change.tell(record, Moment::ended);
    owner.on_output.tell(record.id);
}

void Runs::Impl::read_output(LiveRun& live)
{
    if (!live.capture) return;
    const auto id = live.record.id;
    const auto number = live.record.number;
    bool ready = false;
    const auto& pattern = live.launch.ready_pattern;
    const auto on_line = pattern.empty() || live.told_ready
                             ? std::function<void(std::string_view)>{}
                             : [&](std::string_view line) { ready |= line.find(pattern) != std::string_view::npos; };
    if (!journal.read(*live.capture, live.told.exited_mono_ns, on_line)) return;
    // Before the keeper hears that the line is consumed: no other manager would read it again.
    if (ready && !std::exchange(live.told_ready, true)) owner.on_ready.tell(id);
    if (table.numbered(number) == nullptr) return;
    if (live.told.phase != protocol::Phase::exited && live.child != 0) journal.tell(*live.capture, live.child);
    owner.on_output.tell(id);
}

void Runs::Impl::take_output(LiveRun& live)
{
    if (!live.capture) return;
    const auto counts = live.capture->source.counts();
    live.record.out = counts[0];
    live.record.err = counts[1];
    live.record.tail = live.capture->source.tail(limits.tail_bytes, live.told.exited_mono_ns);
    live.record.late =
        std::any_of(live.record.tail.begin(), live.record.tail.end(), [](const auto& p) { return p.late; });
}

// The tree is empty, so the pipes have no writer any more, unless one was passed out of the tree: wait for the rest
// of the output, but not for ever.
void Runs::Impl::close_if_drained(LiveRun& live)
{
    if (!live.closing || live.closed_told) return;
    const bool drained =
        live.child == 0 || (live.told.flags & protocol::flag_eof) != 0 || live.told.phase == protocol::Phase::failed;
    if (drained) return close(live);
    const auto number = live.record.number;
    live.timer = std::make_unique<loop::Timer>(loop, [this, number] {
        if (LiveRun* const found = table.numbered(number)) close(*found);
    });
    live.timer->at(base::now() + late_output_patience);
}

void Runs::Impl::close(LiveRun& live)
{
    if (std::exchange(live.closed_told, true)) return;
    if (live.timer) live.timer->cancel();
    if (live.capture) {
        journal.finish(*live.capture);
        if (live.child != 0) journal.tell(*live.capture, live.child); // which lines there were outlives this manager
    }
    take_output(live);
    // What is decided because of this end must be on record before the keeper forgets the child: told before the
    // put.
    owner.on_change.tell(live.record, Moment::closed);
    archive.close(live);
}

} // namespace processd::supervisor
